// Tensors, losses, automatic differentiation, threads and the random generator.
#include "binding.h"

static thread_local std::string last_error;

void set_last_error(std::string text) { last_error = std::move(text); }

TB_API const char* tb_last_error() { return last_error.c_str(); }

// Process-wide

TB_API Status tb_manual_seed(int64_t seed) {
  return guarded([=] { torch::manual_seed(static_cast<uint64_t>(seed)); });
}

// The state of the generator that programs draw from, as bytes.
TB_API Status tb_get_rng_state(Tensor* result) {
  return guarded([=] { *result = own(at::globalContext().defaultGenerator(at::kCPU).get_state()); });
}

TB_API Status tb_set_rng_state(Tensor state) {
  return guarded([=] {
    at::Generator generator = at::globalContext().defaultGenerator(at::kCPU);
    generator.set_state(*state);
  });
}

TB_API Status tb_set_num_threads(int32_t count) {
  return guarded([=] { at::set_num_threads(count); });
}

TB_API int32_t tb_get_num_threads() { return at::get_num_threads(); }

// Grad mode belongs to the calling thread.
TB_API int32_t tb_grad_enabled() { return at::GradMode::is_enabled(); }

TB_API void tb_set_grad_enabled(int32_t enabled) { at::GradMode::set_enabled(enabled != 0); }

// Making, reading and freeing tensors

TB_API Status tb_tensor_empty(const int64_t* sizes, int64_t dimensions, int8_t dtype, int32_t requires_grad, Tensor* result) {
  return guarded([=] {
    auto options = at::TensorOptions(static_cast<at::ScalarType>(dtype)).requires_grad(requires_grad != 0);
    *result = own(torch::empty(at::IntArrayRef(sizes, dimensions), options));
  });
}

TB_API void tb_tensor_free(Tensor tensor) { delete tensor; }

TB_API int64_t tb_tensor_dimensions(Tensor tensor) { return tensor->dim(); }

TB_API void tb_tensor_sizes(Tensor tensor, int64_t* sizes) {
  auto source = tensor->sizes();
  std::copy(source.begin(), source.end(), sizes);
}

TB_API int64_t tb_tensor_element_count(Tensor tensor) { return tensor->numel(); }

TB_API int64_t tb_tensor_element_size(Tensor tensor) { return static_cast<int64_t>(tensor->element_size()); }

TB_API int8_t tb_tensor_dtype(Tensor tensor) { return static_cast<int8_t>(tensor->scalar_type()); }

TB_API int32_t tb_tensor_is_contiguous(Tensor tensor) { return tensor->is_contiguous(); }

TB_API int32_t tb_tensor_requires_grad(Tensor tensor) { return tensor->requires_grad(); }

TB_API Status tb_tensor_data(Tensor tensor, void** result) {
  return guarded([=] { *result = tensor->data_ptr(); });
}

// Operations

TB_API Status tb_tensor_contiguous(Tensor tensor, Tensor* result) {
  return guarded([=] { *result = own(tensor->contiguous()); });
}

TB_API Status tb_tensor_clone(Tensor tensor, Tensor* result) {
  return guarded([=] { *result = own(tensor->clone()); });
}

TB_API Status tb_tensor_copy(Tensor tensor, Tensor source, int32_t non_blocking) {
  return guarded([=] { tensor->copy_(*source, non_blocking != 0); });
}

TB_API Status tb_tensor_reshape(Tensor tensor, const int64_t* sizes, int64_t dimensions, Tensor* result) {
  return guarded([=] { *result = own(tensor->reshape(at::IntArrayRef(sizes, dimensions))); });
}

// Losses; weights may be null, reduction is 0 none, 1 mean, 2 sum.

static constexpr int64_t no_ignored_index = -100;

static c10::optional<at::Tensor> optional(Tensor tensor) {
  return tensor == nullptr ? c10::optional<at::Tensor>() : c10::optional<at::Tensor>(*tensor);
}

TB_API Status tb_cross_entropy(Tensor input, Tensor target, Tensor weight, int64_t ignore_index, int64_t reduction,
                               double label_smoothing, Tensor* result) {
  return guarded([=] {
    *result = own(at::cross_entropy_loss(*input, *target, optional(weight), reduction, ignore_index, label_smoothing));
  });
}

TB_API Status tb_binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor weight, Tensor pos_weights,
                                                  int64_t reduction, Tensor* result) {
  return guarded([=] {
    *result = own(at::binary_cross_entropy_with_logits(*input, *target, optional(weight), optional(pos_weights), reduction));
  });
}

TB_API Status tb_mse_loss(Tensor input, Tensor target, int64_t reduction, Tensor* result) {
  return guarded([=] { *result = own(at::mse_loss(*input, *target, reduction)); });
}

TB_API Status tb_nll_loss(Tensor input, Tensor target, Tensor weight, int64_t reduction, Tensor* result) {
  return guarded([=] { *result = own(at::nll_loss_nd(*input, *target, optional(weight), reduction, no_ignored_index)); });
}

// Gradients

TB_API Status tb_tensor_backward(Tensor tensor, int32_t retain_graph, int32_t create_graph) {
  return guarded([=] { tensor->backward({}, retain_graph != 0, create_graph != 0); });
}

TB_API Status tb_clip_grad_norm(const Tensor* parameters, int64_t count, double max_norm, double norm_type, double* total) {
  return guarded([=] { *total = torch::nn::utils::clip_grad_norm_(gather(parameters, count), max_norm, norm_type); });
}

// TorchScript modules.
#include "binding.h"

TB_API Status tb_module_load(const char* path, Module* result) {
  return guarded([=] { *result = new torch::jit::Module(torch::jit::load(path, at::Device(at::kCPU))); });
}

TB_API void tb_module_free(Module module) { delete module; }

TB_API Status tb_module_train(Module module, int32_t on) {
  return guarded([=] { module->train(on != 0); });
}

TB_API Status tb_module_is_training(Module module, int32_t* result) {
  return guarded([=] { *result = module->is_training(); });
}

// A TorchScript program that returns something else than one tensor is an error here.
TB_API Status tb_module_forward(Module module, Tensor input, Tensor* result) {
  return guarded([=] {
    auto output = module->forward({*input});
    TORCH_CHECK(output.isTensor(), "forward() returned ", output.type()->str(), " where a Tensor is expected");
    *result = own(output.toTensor());
  });
}

template <typename List>
static void element(const List& list, int64_t index, const char** name, Tensor* tensor) {
  auto found = list.begin();
  for (int64_t i = 0; i < index; ++i) ++found;
  static thread_local std::string text;
  text = (*found).name;
  *name = text.c_str();
  *tensor = own((*found).value);
}

// The name stays valid until the next call on this thread.
TB_API Status tb_module_parameter(Module module, int64_t index, const char** name, Tensor* tensor) {
  return guarded([=] { element(module->named_parameters(), index, name, tensor); });
}

TB_API Status tb_module_buffer(Module module, int64_t index, const char** name, Tensor* tensor) {
  return guarded([=] { element(module->named_buffers(), index, name, tensor); });
}

TB_API Status tb_module_parameter_count(Module module, int64_t* result) {
  return guarded([=] { *result = static_cast<int64_t>(module->named_parameters().size()); });
}

TB_API Status tb_module_buffer_count(Module module, int64_t* result) {
  return guarded([=] { *result = static_cast<int64_t>(module->named_buffers().size()); });
}

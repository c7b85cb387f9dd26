// libtorch's own optimisers, each step one call for all parameters.
#include "binding.h"

#include <array>

TB_API Status tb_sgd(const Tensor* parameters, int64_t count, double lr, double momentum, double dampening,
                     double weight_decay, int32_t nesterov, Optimizer* result) {
  return guarded([=] {
    auto options = torch::optim::SGDOptions(lr).momentum(momentum).dampening(dampening).weight_decay(weight_decay).nesterov(nesterov != 0);
    *result = new torch::optim::SGD(gather(parameters, count), options);
  });
}

TB_API Status tb_adam(const Tensor* parameters, int64_t count, double lr, double beta1, double beta2, double eps,
                      double weight_decay, int32_t amsgrad, Optimizer* result) {
  return guarded([=] {
    auto options = torch::optim::AdamOptions(lr).betas({beta1, beta2}).eps(eps).weight_decay(weight_decay).amsgrad(amsgrad != 0);
    *result = new torch::optim::Adam(gather(parameters, count), options);
  });
}

TB_API Status tb_adamw(const Tensor* parameters, int64_t count, double lr, double beta1, double beta2, double eps,
                       double weight_decay, int32_t amsgrad, Optimizer* result) {
  return guarded([=] {
    auto options = torch::optim::AdamWOptions(lr).betas({beta1, beta2}).eps(eps).weight_decay(weight_decay).amsgrad(amsgrad != 0);
    *result = new torch::optim::AdamW(gather(parameters, count), options);
  });
}

TB_API Status tb_rmsprop(const Tensor* parameters, int64_t count, double lr, double alpha, double eps, double weight_decay,
                         double momentum, int32_t centered, Optimizer* result) {
  return guarded([=] {
    auto options = torch::optim::RMSpropOptions(lr).alpha(alpha).eps(eps).weight_decay(weight_decay).momentum(momentum).centered(centered != 0);
    *result = new torch::optim::RMSprop(gather(parameters, count), options);
  });
}

TB_API void tb_optimizer_free(Optimizer optimizer) { delete optimizer; }

TB_API Status tb_optimizer_step(Optimizer optimizer) {
  return guarded([=] { optimizer->step(); });
}

// Drops the gradients: the next backward pass then writes them instead of adding to zeros.
TB_API Status tb_optimizer_zero_grad(Optimizer optimizer) {
  return guarded([=] {
    for (auto& group : optimizer->param_groups()) {
      for (auto& parameter : group.params()) parameter.mutable_grad() = at::Tensor();
    }
  });
}

TB_API Status tb_optimizer_get_lr(Optimizer optimizer, double* lr) {
  return guarded([=] { *lr = optimizer->param_groups().front().options().get_lr(); });
}

TB_API Status tb_optimizer_set_lr(Optimizer optimizer, double lr) {
  return guarded([=] {
    for (auto& group : optimizer->param_groups()) group.options().set_lr(lr);
  });
}

// What an optimiser remembers of each parameter: how many steps it took, and tensors that it updates in place.

static constexpr size_t kept = 3;

template <typename State>
static void adam_slots(State& state, int64_t*& step, std::array<at::Tensor*, kept>& tensors) {
  step = &state.step();
  tensors = {&state.exp_avg(), &state.exp_avg_sq(), &state.max_exp_avg_sq()};
}

// Where a state keeps its parts; null for what its kind of optimiser does not have.
static void slots(torch::optim::OptimizerParamState& state, int64_t*& step, std::array<at::Tensor*, kept>& tensors) {
  if (auto* adam = dynamic_cast<torch::optim::AdamParamState*>(&state)) {
    adam_slots(*adam, step, tensors);
  } else if (auto* adamw = dynamic_cast<torch::optim::AdamWParamState*>(&state)) {
    adam_slots(*adamw, step, tensors);
  } else if (auto* rms = dynamic_cast<torch::optim::RMSpropParamState*>(&state)) {
    step = &rms->step();
    tensors = {&rms->square_avg(), &rms->momentum_buffer(), &rms->grad_avg()};
  } else {
    step = nullptr;
    tensors = {&dynamic_cast<torch::optim::SGDParamState&>(state).momentum_buffer(), nullptr, nullptr};
  }
}

static at::Tensor zeros(const at::Tensor& parameter) { return torch::zeros_like(parameter, at::MemoryFormat::Preserve); }

template <typename State, typename Options>
static std::unique_ptr<torch::optim::OptimizerParamState> new_adam(const at::Tensor& parameter, const torch::optim::OptimizerOptions& options) {
  auto state = std::make_unique<State>();
  state->exp_avg(zeros(parameter)).exp_avg_sq(zeros(parameter));
  if (static_cast<const Options&>(options).amsgrad()) state->max_exp_avg_sq(zeros(parameter));
  return state;
}

static std::unique_ptr<torch::optim::OptimizerParamState> new_rms(const at::Tensor& parameter, const torch::optim::RMSpropOptions& options) {
  auto state = std::make_unique<torch::optim::RMSpropParamState>();
  state->square_avg(zeros(parameter));
  if (options.momentum() > 0) state->momentum_buffer(zeros(parameter));
  if (options.centered()) state->grad_avg(zeros(parameter));
  return state;
}

// The state that the first step would make; SGD has none before it.
static std::unique_ptr<torch::optim::OptimizerParamState> first_state(Optimizer optimizer, const at::Tensor& parameter) {
  const auto& options = optimizer->param_groups().front().options();
  if (dynamic_cast<torch::optim::Adam*>(optimizer)) return new_adam<torch::optim::AdamParamState, torch::optim::AdamOptions>(parameter, options);
  if (dynamic_cast<torch::optim::AdamW*>(optimizer)) return new_adam<torch::optim::AdamWParamState, torch::optim::AdamWOptions>(parameter, options);
  if (dynamic_cast<torch::optim::RMSprop*>(optimizer)) return new_rms(parameter, static_cast<const torch::optim::RMSpropOptions&>(options));
  return nullptr;
}

static std::string key_of(Optimizer optimizer, int64_t index) {
  return c10::guts::to_string(optimizer->param_groups().front().params().at(index).unsafeGetTensorImpl());
}

// Null for SGD before its first step: a state without a buffer would be taken for one with it.
static torch::optim::OptimizerParamState* state_of(Optimizer optimizer, int64_t index) {
  auto key = key_of(optimizer, index);
  auto found = optimizer->state().find(key);
  if (found != optimizer->state().end()) return found->second.get();
  auto state = first_state(optimizer, optimizer->param_groups().front().params().at(index));
  auto* result = state.get();
  if (state != nullptr) optimizer->state()[key] = std::move(state);
  return result;
}

// The tensors are the optimiser's own, not copies; null where there is none.
TB_API Status tb_optimizer_get_state(Optimizer optimizer, int64_t index, int64_t* step, Tensor* first, Tensor* second, Tensor* third) {
  return guarded([=] {
    *step = 0;
    auto* state = state_of(optimizer, index);
    if (state == nullptr) return;
    int64_t* steps;
    std::array<at::Tensor*, kept> tensors;
    slots(*state, steps, tensors);
    if (steps != nullptr) *step = *steps;
    Tensor* results[kept] = {first, second, third};
    for (size_t i = 0; i < kept; ++i) {
      if (tensors[i] != nullptr && tensors[i]->defined()) *results[i] = own(*tensors[i]);
    }
  });
}

// Sets the count, and the tensors that are not null.
TB_API Status tb_optimizer_set_state(Optimizer optimizer, int64_t index, int64_t step, Tensor first, Tensor second, Tensor third) {
  return guarded([=] {
    auto* state = state_of(optimizer, index);
    if (state == nullptr) {
      if (first == nullptr) return;
      auto made = std::make_unique<torch::optim::SGDParamState>();
      state = made.get();
      optimizer->state()[key_of(optimizer, index)] = std::move(made);
    }

    int64_t* steps;
    std::array<at::Tensor*, kept> tensors;
    slots(*state, steps, tensors);
    if (steps != nullptr) *steps = step;
    Tensor given[kept] = {first, second, third};
    for (size_t i = 0; i < kept; ++i) {
      if (given[i] != nullptr && tensors[i] != nullptr) *tensors[i] = *given[i];
    }
  });
}

// libtorch's own optimisers, each step one call for all parameters.
#include "binding.h"

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

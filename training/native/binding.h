// What every function of the C ABI shares: handles, and errors that never cross the boundary as C++ exceptions.
#pragma once

#include <torch/script.h>
#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// Every function returns one of these; the text of a failure is read with tb_last_error on the same thread.
enum Status : int32_t { Ok = 0, Failed = 1 };

using Tensor = at::Tensor*;
using Module = torch::jit::Module*;
using Optimizer = torch::optim::Optimizer*;

#define TB_API extern "C" __attribute__((visibility("default")))

void set_last_error(std::string text);

// Runs the body; turns whatever it throws into a status and a text.
template <typename Body>
Status guarded(Body&& body) noexcept {
  try {
    body();
    return Ok;
  } catch (const c10::Error& error) {
    set_last_error(error.what_without_backtrace());
  } catch (const std::exception& error) {
    set_last_error(error.what());
  } catch (...) {
    set_last_error("libtorch threw something that is not an exception");
  }
  return Failed;
}

inline Tensor own(at::Tensor value) { return new at::Tensor(std::move(value)); }

// Copies handles into a list; the list shares the tensors, it does not own the handles.
inline std::vector<at::Tensor> gather(const Tensor* handles, int64_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (int64_t i = 0; i < count; ++i) tensors.push_back(*handles[i]);
  return tensors;
}

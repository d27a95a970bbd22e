// Streams: in-order queues, each with a thread of its own from its first piece of work on.
#pragma once

#include <functional>

#include "cuda_runtime_api.h"

namespace cuda_host {

using Work = std::function<void()>;

// Runs `work` in the stream's order: later, on its thread. On the null stream: now, after the work
// of all blocking streams. Called by a stream's own work, for that stream or the null stream: now.
cudaError_t enqueue(cudaStream_t stream, Work work);
// Waits for the work given to the stream so far; returns an error of it that none has returned yet.
cudaError_t wait_for_stream(cudaStream_t stream);
// Waits for all streams, non-blocking ones too; inside a stream's work: for none.
void wait_for_all_streams();
// The first error of streams' work that no call has returned yet; none is pending afterwards.
cudaError_t take_errors();
void destroy_all_streams();

}  // namespace cuda_host

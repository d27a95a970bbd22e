#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "cuda_fp16.h"
#include "cuda_runtime.h"

namespace {

class Gate {  // work that holds a stream until it is opened
 public:
  static void hold(void* gate) {
    while (!static_cast<Gate*>(gate)->open_) std::this_thread::yield();
  }
  void open() { open_ = true; }

 private:
  std::atomic<bool> open_{false};
};

TEST(Memory, DeviceMemoryIsAlignedAndKnown) {
  float* p = nullptr;
  ASSERT_EQ(cudaMalloc(&p, 1000), cudaSuccess);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(p) % 256, 0u);
  cudaPointerAttributes a;
  ASSERT_EQ(cudaPointerGetAttributes(&a, p + 100), cudaSuccess);
  EXPECT_EQ(a.type, cudaMemoryTypeDevice);
  EXPECT_EQ(a.devicePointer, p + 100);
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaErrorInvalidDevicePointer);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevicePointer);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(Memory, FailsLikeCuda) {
  void* p = nullptr;
  EXPECT_EQ(cudaMalloc(&p, SIZE_MAX / 2), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(static_cast<void**>(nullptr), 4), cudaErrorInvalidValue);
  ASSERT_EQ(cudaMallocHost(&p, 64), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaErrorInvalidDevicePointer);
  EXPECT_EQ(cudaFreeHost(p), cudaSuccess);
  size_t free_bytes = 0, total = 0;
  ASSERT_EQ(cudaMemGetInfo(&free_bytes, &total), cudaSuccess);
  EXPECT_GT(total, free_bytes);
}

TEST(Copy, ChecksDirectionAndRange) {
  std::vector<float> host(16, 3.0f), back(16);
  void* p = nullptr;
  ASSERT_EQ(cudaMalloc(&p, 64), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(p, host.data(), 64, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(back.data(), p, 64, cudaMemcpyDefault), cudaSuccess);
  EXPECT_EQ(host, back);
  EXPECT_EQ(cudaMemcpy(p, host.data(), 65, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), p, 64, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(p, host.data(), 64, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(p, host.data(), 4, static_cast<cudaMemcpyKind>(9)),
            cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaMemset(p, 0, 64), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(back.data(), p, 64, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(back, std::vector<float>(16, 0.0f));
  EXPECT_EQ(cudaFree(p), cudaSuccess);
}

TEST(Copy, AddressesOfNobodyAreRefused) {
  std::vector<char> host(1 << 12, 1);
  char local[64] = {};
  void* p = nullptr;
  ASSERT_EQ(cudaMalloc(&p, host.size()), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(local, host.data(), sizeof local, cudaMemcpyHostToDevice),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), local, sizeof local, cudaMemcpyDeviceToHost),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(p, local, sizeof local, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(local, 7, sizeof local), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(p, local, sizeof local, cudaMemcpyDefault), cudaSuccess);
  tenfold_cuda_host_trust_addresses(1);  // as in a plugin's call
  EXPECT_EQ(cudaMemcpy(local, p, sizeof local, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemset(local, 7, sizeof local), cudaSuccess);
  tenfold_cuda_host_trust_addresses(0);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(local[63], 7);
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(p, host.data(), host.size(), cudaMemcpyHostToDevice), cudaErrorInvalidValue);
}

TEST(Fill, RowsOfPitchedMemory) {
  uint8_t* p = nullptr;
  size_t pitch = 0;
  ASSERT_EQ(cudaMallocPitch(&p, &pitch, 5, 3), cudaSuccess);
  ASSERT_EQ(cudaMemset(p, 9, 3 * pitch), cudaSuccess);
  EXPECT_EQ(cudaMemset2D(p, pitch, 1, 5, 3), cudaSuccess);
  EXPECT_EQ(cudaMemset2D(p, 4, 1, 5, 3), cudaErrorInvalidPitchValue);
  EXPECT_EQ(cudaMemset2D(p, pitch, 1, 5, SIZE_MAX / 2), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset2D(p, pitch, 1, 5, 400), cudaErrorInvalidValue);
  std::vector<uint8_t> back(3 * pitch);
  ASSERT_EQ(cudaMemcpy(back.data(), p, back.size(), cudaMemcpyDeviceToHost), cudaSuccess);
  for (size_t k = 0; k < back.size(); ++k) EXPECT_EQ(back[k], k % pitch < 5 ? 1 : 9) << k;
  EXPECT_EQ(cudaFree(p), cudaSuccess);
}

TEST(Copy, RowsOfPitchedMemory) {
  std::vector<uint8_t> picture(3 * 5), back(3 * 5, 0);
  for (size_t k = 0; k < picture.size(); ++k) picture[k] = static_cast<uint8_t>(k);
  uint8_t* p = nullptr;
  size_t pitch = 0;
  ASSERT_EQ(cudaMallocPitch(&p, &pitch, 5, 3), cudaSuccess);
  EXPECT_EQ(pitch % 256, 0u);
  EXPECT_GE(pitch, 5u);
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  EXPECT_EQ(cudaMemPrefetchAsync(p, 3 * pitch, 0, stream), cudaSuccess);
  EXPECT_EQ(cudaMemPrefetchAsync(p, 3 * pitch, 1, stream), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaMemPrefetchAsync(p, 4 * pitch, 0, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaStreamAttachMemAsync(stream, p, 5), cudaSuccess);
  EXPECT_EQ(cudaMemcpy2DAsync(p, pitch, picture.data(), 5, 5, 3, cudaMemcpyHostToDevice, stream),
            cudaSuccess);
  EXPECT_EQ(cudaMemcpy2DAsync(back.data(), 5, p, pitch, 5, 3, cudaMemcpyDeviceToHost, stream),
            cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(picture, back);
  EXPECT_EQ(cudaMemcpy2D(p, 4, picture.data(), 5, 5, 3, cudaMemcpyHostToDevice),
            cudaErrorInvalidPitchValue);
  EXPECT_EQ(cudaMemcpy2D(p, pitch, picture.data(), 5, 5, 3, static_cast<cudaMemcpyKind>(9)),
            cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  EXPECT_EQ(cudaMallocPitch(&p, &pitch, SIZE_MAX, 2), cudaErrorMemoryAllocation);
  cudaStreamDestroy(stream);
  unsigned flags = 0;
  void* pinned = nullptr;
  ASSERT_EQ(cudaHostAlloc(&pinned, 8, cudaHostAllocMapped), cudaSuccess);
  EXPECT_EQ(cudaHostGetFlags(&flags, pinned), cudaSuccess);
  EXPECT_TRUE(flags & cudaHostAllocMapped);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  EXPECT_EQ(cudaHostGetFlags(&flags, &flags), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(Stream, IsAsynchronousAndInOrder) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  int *pinned = nullptr, *device = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 4), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&device, 4), cudaSuccess);
  *pinned = 7;
  Gate gate;
  ASSERT_EQ(cudaLaunchHostFunc(stream, Gate::hold, &gate), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(device, pinned, 4, cudaMemcpyHostToDevice, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  *pinned = 8;  // pinned memory is read when the stream gets there
  gate.open();
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  EXPECT_EQ(*device, 8);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaErrorInvalidResourceHandle);
  cudaFree(device);
  cudaFreeHost(pinned);
  cudaGetLastError();
}

TEST(Stream, PageableSourcesAreStagedAndPageableDestinationsComplete) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  int* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 4), cudaSuccess);
  int source = 7, result = 0;
  Gate gate;
  ASSERT_EQ(cudaLaunchHostFunc(stream, Gate::hold, &gate), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(device, &source, 4, cudaMemcpyHostToDevice, stream), cudaSuccess);
  source = 8;
  std::thread opener([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    gate.open();
  });
  ASSERT_EQ(cudaMemcpyAsync(&result, device, 4, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  EXPECT_EQ(result, 7);
  opener.join();
  cudaStreamDestroy(stream);
  cudaFree(device);
}

TEST(Stream, NullStreamComesAfterBlockingStreams) {
  cudaStream_t blocking = nullptr, other = nullptr;
  ASSERT_EQ(cudaStreamCreate(&blocking), cudaSuccess);
  ASSERT_EQ(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking), cudaSuccess);
  int* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 4), cudaSuccess);
  Gate gate, never;
  cudaLaunchHostFunc(other, Gate::hold, &never);
  cudaLaunchHostFunc(blocking, Gate::hold, &gate);
  cudaMemsetAsync(device, 1, 4, blocking);
  std::thread opener([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    gate.open();
  });
  int result = 0;
  EXPECT_EQ(cudaMemcpy(&result, device, 4, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(result, 0x01010101);
  opener.join();
  never.open();
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  cudaStreamDestroy(blocking);
  cudaStreamDestroy(other);
  cudaFree(device);
}

TEST(Stream, WorkMayCallBackIntoItsStream) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  cudaStream_t seen = nullptr;
  static int* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 4), cudaSuccess);
  cudaStreamAddCallback(
      stream,
      [](cudaStream_t s, cudaError_t, void* result) {
        cudaMemsetAsync(device, 2, 4, s);
        cudaStreamSynchronize(s);
        *static_cast<cudaStream_t*>(result) = tenfold_cuda_host_current_stream();
      },
      &seen, 0);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(seen, stream);
  EXPECT_EQ(*device, 0x02020202);
  EXPECT_EQ(tenfold_cuda_host_current_stream(), nullptr);
  cudaStreamDestroy(stream);
  cudaFree(device);
}

TEST(Event, OrdersStreamsAndMeasures) {
  cudaStream_t first = nullptr, second = nullptr;
  cudaStreamCreate(&first);
  cudaStreamCreate(&second);
  cudaEvent_t begin = nullptr, end = nullptr, untimed = nullptr;
  ASSERT_EQ(cudaEventCreate(&begin), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&end), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming), cudaSuccess);
  float ms = -1;
  EXPECT_EQ(cudaEventElapsedTime(&ms, begin, end), cudaErrorInvalidResourceHandle);
  Gate gate;
  std::atomic<bool> ran{false};
  cudaEventRecord(begin, first);
  cudaLaunchHostFunc(first, Gate::hold, &gate);
  cudaEventRecord(end, first);
  EXPECT_EQ(cudaEventQuery(end), cudaErrorNotReady);
  cudaStreamWaitEvent(second, end, 0);
  cudaLaunchHostFunc(second, [](void* p) { *static_cast<std::atomic<bool>*>(p) = true; }, &ran);
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(ran);
  gate.open();
  EXPECT_EQ(cudaEventSynchronize(end), cudaSuccess);
  cudaStreamSynchronize(second);
  EXPECT_TRUE(ran);
  EXPECT_EQ(cudaEventElapsedTime(&ms, begin, end), cudaSuccess);
  EXPECT_GT(ms, 5.0f);
  cudaEventRecord(untimed, first);
  EXPECT_EQ(cudaEventElapsedTime(&ms, begin, untimed), cudaErrorInvalidResourceHandle);
  for (cudaEvent_t e : {begin, end, untimed}) EXPECT_EQ(cudaEventDestroy(e), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(end), cudaErrorInvalidResourceHandle);
  cudaStreamDestroy(first);
  cudaStreamDestroy(second);
  cudaGetLastError();
}

TEST(Device, IsOneCpu) {
  int count = 0, device = -1;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
  EXPECT_EQ(device, 0);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  cudaDeviceProp p;
  EXPECT_EQ(cudaGetDeviceProperties(&p, 0), cudaSuccess);
  EXPECT_NE(std::strstr(p.name, "CPU"), nullptr);
  EXPECT_EQ(cudaChooseDevice(&device, &p), cudaSuccess);
  int can = -1;
  EXPECT_EQ(cudaDeviceCanAccessPeer(&can, 0, 0), cudaSuccess);
  EXPECT_EQ(can, 0);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidDevice), "cudaErrorInvalidDevice");
  EXPECT_STREQ(cudaGetErrorString(cudaSuccess), "no error");
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidTexture), "cudaErrorInvalidTexture");
  EXPECT_STREQ(cudaGetErrorName(static_cast<cudaError_t>(12345)), "unrecognized error code");
  int mode = -1;
  EXPECT_EQ(cudaDeviceGetAttribute(&mode, cudaDevAttrComputeMode, 0), cudaSuccess);
  EXPECT_EQ(mode, cudaComputeModeDefault);
  cudaGetLastError();
}

// Widespread helper headers define their checks only where these are.
#if !defined(__DRIVER_TYPES_H__) || !defined(__CUDA_RUNTIME_API_H__)
#error "programs do not recognize the headers"
#endif

TEST(Device, AcceptsHintsAndHasNoPeers) {
  char id[16];
  EXPECT_EQ(cudaDeviceGetPCIBusId(id, sizeof id, 0), cudaSuccess);
  EXPECT_EQ(cudaDeviceGetPCIBusId(id, 4, 0), cudaErrorInvalidValue);
  EXPECT_EQ(cudaDeviceSetCacheConfig(cudaFuncCachePreferL1), cudaSuccess);
  EXPECT_EQ(cudaDeviceSetLimit(cudaLimitMallocHeapSize, 1 << 20), cudaSuccess);
  size_t limit = 1;
  EXPECT_EQ(cudaDeviceGetLimit(&limit, cudaLimitStackSize), cudaSuccess);
  EXPECT_EQ(limit, 0u);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 0), cudaErrorInvalidDevice);
  float *a = nullptr, *b = nullptr;
  ASSERT_EQ(cudaMallocManaged(&a, 2 * sizeof(float)), cudaSuccess);
  ASSERT_EQ(cudaMallocManaged(&b, 2 * sizeof(float)), cudaSuccess);
  EXPECT_EQ(cudaMemAdvise(a, 8, cudaMemAdviseSetReadMostly, 0), cudaSuccess);
  EXPECT_EQ(cudaMemAdvise(&limit, 8, cudaMemAdviseSetReadMostly, 0), cudaErrorInvalidValue);
  a[1] = 5;
  EXPECT_EQ(cudaMemcpyPeer(b, 0, a, 0, 2 * sizeof(float)), cudaSuccess);
  EXPECT_EQ(b[1], 5);
  EXPECT_EQ(cudaMemcpyPeer(b, 1, a, 0, 2 * sizeof(float)), cudaErrorInvalidDevice);
  cudaFree(a);
  cudaFree(b);
  cudaGetLastError();
}

TEST(Vectors, HaveCudasSizesAndAlignments) {
  EXPECT_EQ(sizeof(float3), 12u);
  EXPECT_EQ(sizeof(float4), 16u);
  EXPECT_EQ(alignof(float4), 16u);
  EXPECT_EQ(alignof(uchar4), 4u);
  EXPECT_EQ(alignof(double2), 16u);
  EXPECT_EQ(sizeof(uchar3), 3u);
  const float4 v = make_float4(1, 2, 3, 4);
  EXPECT_EQ(v.x + 10 * v.y + 100 * v.z + 1000 * v.w, 4321);
  EXPECT_EQ(make_uchar2(3, 4).y, 4);
}

TEST(Half, ConvertsBothWays) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {  // every value survives the round trip
    const __half h = __half_raw{static_cast<unsigned short>(bits)};
    const float f = __half2float(h);
    if (f != f) continue;
    EXPECT_EQ(__float2half(f).__x, bits);
  }
  EXPECT_EQ(__float2half(65520.0f).__x, 0x7c00u);
  EXPECT_EQ(__float2half(65519.0f).__x, 0x7bffu);
  EXPECT_EQ(__float2half(1.0f + 1.0f / 2048).__x, 0x3c00u);  // a tie goes to even
}

TEST(Half, IsANumberAsInCuda9AndBitsAsInCuda8) {
  const __half a(2.5f), b = 3.0f, c = 4.0, d = 5;
  const float sum = a + b + c + d;
  EXPECT_EQ(sum, 14.5f);
  EXPECT_EQ(a.x, 0x4100);
  const __half_raw raw = a;
  EXPECT_EQ(raw.x, __half_as_ushort(a));
  EXPECT_EQ(static_cast<float>(__ushort_as_half(0x3c00)), 1);
  EXPECT_EQ(static_cast<float>(__float2half_rn(0.5f)), 0.5f);
  const __half2 pair = __floats2half2_rn(1, 2);
  EXPECT_EQ(__low2float(pair) + 10 * __high2float(pair), 21);
  EXPECT_EQ(__half22float2(pair).y, 2);
  EXPECT_EQ(sizeof a + sizeof pair, 6u);
}

}  // namespace

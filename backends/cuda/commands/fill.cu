// Writes `bytes` bytes at dst: those of `word` over and over, where word repeats every 1, 2 or 4 bytes
// and dst is aligned to that. Stands for a memory set in graphs, where a kernel is cheaper to launch.
#include "gen/common.cuh"

extern "C" __global__ void tenfold_fill(u8_t* dst, u32_t word, u64_t bytes) {
  wait_for_predecessors();
  const u64_t thread = (u64_t)blockIdx.x * blockDim.x + threadIdx.x;
  const u64_t threads = (u64_t)gridDim.x * blockDim.x;
  u64_t head = (16 - ((u64_t)dst & 15)) & 15;  // bytes before the first whole 16
  if (head > bytes) head = bytes;
  const u64_t packs = (bytes - head) / 16, tail = head + packs * 16;
  // Byte k is byte k % 4 of word: what begins at `head` begins there in the word as well.
  const u32_t turn = (u32_t)(head & 3) * 8;
  const u32_t turned = turn ? word >> turn | word << (32 - turn) : word;
  const uint4 pack = {turned, turned, turned, turned};
  for (u64_t k = thread; k < packs; k += threads) reinterpret_cast<uint4*>(dst + head)[k] = pack;
  for (u64_t k = thread; k < head; k += threads) dst[k] = (u8_t)(word >> (k & 3) * 8);
  for (u64_t k = tail + thread; k < bytes; k += threads) dst[k] = (u8_t)(word >> (k & 3) * 8);
}

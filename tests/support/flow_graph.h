// A network with a branch and a loop whose end and length only a run knows.
#pragma once

namespace tenfold::test {

inline const char* const kFlowGraph = R"(graph net(c: bool[], m: i64[], x: f32[N,4,8,8]) -> y, all {
  symbol N in 1..8 at 1
  @w = f32[4,4,3,3] random(1)
  h = Conv(x, @w) {pads=[1,1,1,1]}
  r = If(c, h)
  body graph then(v: f32[N,4,8,8]) -> out {
    @u = f32[4,4,1,1] random(2)
    a = Conv(v, @u)
    out = Relu(a)
  }
  body graph else(v: f32[N,4,8,8]) -> out {
    out = Tanh(v)
  }
  @five = i64[] [5]
  y, all = Loop(@five, _, r, m) {carried=1, count="K"}
  body graph step(i: i64[], go: bool[], v: f32[N,4,8,8], most: i64[]) -> on, next, p {
    @half = f32[] [0.5]
    s = Mul(v, @half)
    next = Tanh(s)
    p = GlobalAveragePool(v)
    on = Less(i, most)
  }
})";

}  // namespace tenfold::test

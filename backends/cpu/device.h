// The CPU as a Device: host memory, streams that run at once on the calling thread, recorders that
// keep a command list.
#pragma once

#include "tenfold/device.h"

namespace tenfold::cpu {

// What this machine is like: name "x86-64-v4" (the highest level it reaches), threads, cache sizes.
Target detect_target();

// Processors known by instruction set ("x86-64-v2"; "": this one's): the least that such a machine
// has, with this one's number of threads.
std::vector<std::string> known_levels();
std::optional<Target> find_level(std::string_view name);

std::shared_ptr<Device> open_device();

// Which recorder: replay and eager run the same list, timer measures its steps, log writes text.
std::unique_ptr<Recorder> make_recorder(RecorderKind kind);

}  // namespace tenfold::cpu

// Where the bytes of a program's values are: emission asks for a value in a Format, and gets the
// place that has it, converted first if nobody has.
#pragma once

#include <map>
#include <set>

#include "src/compile/constants.h"
#include "src/compile/select.h"

namespace tenfold::select {

// A value's storage, and the steps that wrote it.
struct Place {
  ValueRef ref;
  std::vector<uint32_t> steps;
};

class Placement {
 public:
  // Inputs are in their bindings. All arguments outlive it.
  Placement(const Graph& graph, const Selection& selection, Conversions& conversions,
            const Target& target, ConstantTable& constants, Program& program);

  // The Format of bindings, of scalars and of what programs pass each other.
  Format fixed(ValueId v) const { return Format{graph_.type(v).dtype, Layout::linear()}; }

  // The value in the wanted Format. Error{kUnsupported}: no kernel converts.
  Place need(ValueId v, const Format& format);
  // As `need` of fixed(v), with a buffer of that Format where it lies in one. An invalid value:
  // none. Adds the writers to `deps`.
  ValueRef given(ValueId v, std::vector<uint32_t>& deps);
  ValueRef constant(ConstantId id, const Shape& shape, const Format& format);

  // Where a step is to write a value: its output's binding where the Format is the binding's.
  ValueRef destination(ValueId v, const Format& format);
  // The buffer of a value that others lie in.
  uint32_t whole_buffer(ValueId whole, const Format& format);
  // A buffer of that Format for what lies at the place: its own, or a view of it.
  uint32_t buffer_of(ValueId v, const Format& format, const Place& place);
  uint32_t new_buffer(ValueId v, const Format& format);
  // A new buffer for channels [offset, ..) of buffer `whole`'s.
  ValueRef slice_buffer(ValueId v, const Format& slice, uint32_t whole, int64_t offset);

  // The value is produced in `format`, there.
  void put(ValueId v, const Format& format, Place place);
  bool placed_in(ValueId v, ValueId whole) const;
  const Place& at(ValueId v, const Format& format) const { return places_.at({v, format.str()}); }

  // Appends a step; its dependencies in order.
  uint32_t push(Step step);
  // Copies the value, in the Format that it is produced in, to `to` in `format`.
  Place copy(ValueId v, const Format& format, ValueRef to);
  static void add_steps(std::vector<uint32_t>& to, const std::vector<uint32_t>& steps);

  // Graph outputs that no step wrote in place get a copy.
  void finish_output(uint32_t k);
  // Named values that the program still holds.
  void taps();

 private:
  ValueRef binding(uint32_t output) const {
    return {ValueRef::Kind::kBinding, static_cast<uint32_t>(graph_.inputs().size()) + output};
  }
  void assign_outputs();
  bool row_major(ValueId v, const Format& f) const;
  Place convert(ValueId v, const Conversions::Way& way, const Place& source, ValueRef to);
  bool resolves_to(ValueRef ref, ValueRef to) const;

  const Graph& graph_;
  const Selection& selection_;
  Conversions& conversions_;
  const Target& target_;
  ConstantTable& constants_;
  Program& program_;
  std::map<std::pair<ValueId, std::string>, Place> places_;
  std::map<ValueId, uint32_t> wholes_;  // buffers that slices lie in
  std::map<ValueId, Format> native_;  // the Format that a value is produced in
  std::map<ValueId, uint32_t> direct_;  // values whose bytes are (part of the way to) an output
  std::set<uint32_t> taken_;  // outputs that have a writer
};

}  // namespace tenfold::select

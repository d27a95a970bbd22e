// Values that a network's text gives and no parser takes (`pool: MAXX`): each is reported with its
// layer, and the rest of the text is read as if it were not there.
#pragma once

#include <string>
#include <vector>

#include <google/protobuf/text_format.h>

#include "src/import/caffe/net_file.h"

namespace tenfold::caffe {

class BadValues {
 public:
  // Blanks the `field: value` that the parser refused, with its message, at a line and column as
  // protobuf counts them (from 0). False: it is not the value that is wrong, or there were too
  // many.
  bool blank(std::string* text, int line, int column, const std::string& message);

  // Reports each in `diagnostics`; give, with what the text became, names the layers. A layer of a
  // known type loses it, so that what it makes is unknown.
  void report(const std::string& file, Diagnostics& diagnostics) const;
  void give(const google::protobuf::TextFormat::ParseInfoTree& places, NetFile* net,
            Diagnostics& diagnostics) const;

 private:
  struct Place {
    int line = 0, column = 0;  // from 0
    bool in_layer = false;
    std::string reason, hint;
  };
  static void add(const Place& place, const std::string& file, const std::string& layer,
                  Diagnostics& diagnostics);

  std::vector<Place> found_;
};

// A parser's message without the schema's package and the final period.
std::string trimmed_message(std::string message);

}  // namespace tenfold::caffe

// Helpers of the Caffe importer's tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tenfold/import.h"

namespace tenfold::test {

// Imports a network's text with random weights, preprocessing left out.
ImportedModel import_text(const std::string& prototxt, ImportOptions options = {});
// With trained weights, given as the text of a network with blobs.
ImportedModel import_text_with(const std::string& prototxt, const std::string& weights_text,
                               ImportOptions options = {});
// The bytes of a .caffemodel that the text describes.
std::string caffemodel(const std::string& weights_text);

// An Input layer "data" of the given dims, "1,3,8,8".
std::string input(const std::string& dims);
// One layer "l" of `type` from "data" to "out", with `body` inside.
std::string layer(const std::string& type, const std::string& body = {});
// A convolution of two 1x1 filters from `bottom` to the top `name`; a ReLU in place.
std::string conv(const std::string& name, const std::string& bottom, const std::string& extra = {});
std::string relu(const std::string& name, const std::string& blob);

// Every diagnostic, a line each.
std::string report(const ImportedModel& model);
// Shape of a value as text, "N,3,8,8"; empty when there is none.
std::string shape_of(const ImportedModel& model, const std::string& value);
// The node that makes a value.
const Node& node_of(const ImportedModel& model, const std::string& value);
// Names of the ops in order, "Conv Relu".
std::string ops(const ImportedModel& model);
// Whether a diagnostic of that severity has all of the parts in its text.
bool says(const ImportedModel& model, Severity severity, const std::vector<std::string>& parts);

}  // namespace tenfold::test

// What the training of a package's network says about pictures.
#pragma once

#include <set>
#include <string>

#include "src/import/digits/preprocess.h"
#include "src/import/files.h"

namespace tenfold::digits {

// What the data layer of a train_val network says about pictures: the one that makes what the
// network reads (labels may come from a layer of their own), of the TEST phase, or the one of
// training where the job had no pictures to test with. Stages are DIGITS' own: none counts.
void read_training(const ModelFile& file, const std::set<std::string>& inputs, PictureFacts& facts,
                   Diagnostics& diagnostics);

}  // namespace tenfold::digits

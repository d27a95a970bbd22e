// Prints the version of the Tenfold runtime that it is linked with.
#include <cstdio>

#include "tenfold/version.h"

int main() { std::printf("Tenfold %s\n", tenfold::version()); }

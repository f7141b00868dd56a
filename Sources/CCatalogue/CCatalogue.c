#include "CCatalogue.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

const unsigned char postern_catalogue[] = {
#embed "catalogue.bin"
};
const size_t postern_catalogue_size = sizeof postern_catalogue;

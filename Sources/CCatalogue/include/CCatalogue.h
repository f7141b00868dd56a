#pragma once

#include <stddef.h>

/// The bytes of catalogue.bin, in the read-only part of the binary: mapped, never copied.
extern const unsigned char postern_catalogue[];
extern const size_t postern_catalogue_size;

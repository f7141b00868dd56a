#pragma once

#include <stddef.h>

/// The bytes of catalogue.bin, in the read-only part of the binary: mapped, never copied.
extern const unsigned char postern_catalogue[];
extern const size_t postern_catalogue_size;

/// The first byte of `postern_catalogue`: Swift does not import arrays of unknown size.
static inline const unsigned char *_Nonnull postern_catalogue_bytes(void) { return postern_catalogue; }

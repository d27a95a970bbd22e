// Which sanitizer this is built with: TENFOLD_ASAN and TENFOLD_TSAN are 0 or 1 (g++ and clang).
#pragma once

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define TENFOLD_ASAN 1
#else
#define TENFOLD_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define TENFOLD_TSAN 1
#else
#define TENFOLD_TSAN 0
#endif

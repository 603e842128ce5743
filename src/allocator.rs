//! jemalloc, set up to give memory back: a burst that was delivered must not stay in the process.

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Read by jemalloc before `main`. One arena, because there are at most a few threads; pages that were freed go
/// back to the system after a tenth of a second, by a thread of its own. Measured with a stalled backend at
/// twice saturation, peak memory: 1 s and two arenas 114 MiB, 0.1 s and one arena 95 MiB, at once 81 MiB but a
/// quarter less throughput.
// SAFETY: jemalloc looks up this symbol as `const char *`; the value is a pointer to a static text that ends
// with a zero byte and never changes.
#[allow(unsafe_code)]
#[unsafe(export_name = "_rjem_malloc_conf")]
static MALLOC_CONF: &std::ffi::c_char = {
    const TEXT: &std::ffi::CStr = c"background_thread:true,dirty_decay_ms:100,muzzy_decay_ms:0,narenas:1";
    // SAFETY: a CStr is never empty: it has at least its zero byte.
    unsafe { &*TEXT.as_ptr() }
};

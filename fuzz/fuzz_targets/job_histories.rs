#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smile_fuzz_targets::job_histories(data));

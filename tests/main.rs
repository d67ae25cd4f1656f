//! The one test program: a module a lab, and what holds for all of them. So what they
//! share is compiled and linked once, and `just test net_ns::` picks a lab.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests"
)]

mod support;

mod book;
mod capabilities;
mod cgroup_ns;
mod container;
mod course;
mod dist;
mod doctor;
mod doctor_blocks;
mod doctor_proc;
mod exercise;
mod faults;
mod hold;
mod hostile;
mod idmap_mount;
mod init;
mod instructor;
mod ipc_ns;
mod kernels;
mod map;
mod map_handles;
mod map_output;
mod mount_ns;
mod mount_proc;
mod net_bridge;
mod net_ns;
mod ns_cost;
mod ns_exec;
mod nsenter;
mod pid_ns;
mod plots;
mod report;
mod robust;
mod sessions;
mod storms;
mod supervisors;
mod tidy;
mod time_ns;
mod unshare;
mod user_ns;
mod uts_ns;

/* bubblewrap with the protections of `container`, a filter of as many instructions among them. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static struct sock_filter code[4096];

int main(int argc, char **argv)
{
    int n = 0;
    /* Each number is loaded anew, as the filters of the crate do. */
    for (unsigned number = 0; number < 380; number++) {
        code[n++] = (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
        code[n++] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 2);
        code[n++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        code[n++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[n++] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1);
    int filter = memfd_create("filter", 0);
    if (write(filter, code, n * sizeof code[0]) < 0 || lseek(filter, 0, SEEK_SET) < 0)
        return 1;
    char number[12];
    snprintf(number, sizeof number, "%d", filter);
    char *words[128] = {
        "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "container",
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib",
        "--symlink", "usr/lib64", "/lib64", "--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache", "--dir", "/run",
        "--ro-bind", "/etc/alternatives", "/etc/alternatives", "--ro-bind", "/sys", "/sys",
        "--proc", "/proc", "--dev", "/dev", "--mqueue", "/dev/mqueue", "--tmpfs", "/tmp",
        "--ro-bind", "/proc/bus", "/proc/bus", "--ro-bind", "/proc/fs", "/proc/fs",
        "--ro-bind", "/proc/irq", "/proc/irq", "--ro-bind", "/proc/sys", "/proc/sys",
        "--ro-bind", "/dev/null", "/proc/interrupts", "--ro-bind", "/dev/null", "/proc/keys",
        "--ro-bind", "/dev/null", "/proc/timer_list", "--tmpfs", "/proc/acpi", "--tmpfs", "/sys/firmware",
        "--remount-ro", "/", "--clearenv",
        "--cap-drop", "ALL", "--seccomp", number,
    };
    int word = 0;
    while (words[word])
        word++;
    for (int i = 1; i < argc; i++)
        words[word++] = argv[i];
    execvp("bwrap", words);
    return 127;
}

/* The article's unshare: options name namespaces to leave, then a program. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int flags = 0;

    for (int option; (option = getopt(argc, argv, "+imnpuU")) != -1;) {
        switch (option) {
        case 'i': flags |= CLONE_NEWIPC; break;
        case 'm': flags |= CLONE_NEWNS; break;
        case 'n': flags |= CLONE_NEWNET; break;
        case 'p': flags |= CLONE_NEWPID; break;
        case 'u': flags |= CLONE_NEWUTS; break;
        case 'U': flags |= CLONE_NEWUSER; break;
        default: return 1;
        }
    }
    if (optind >= argc) {
        fprintf(stderr, "Usage: %s [-imnpuU] PROGRAM [ARGS]\n", argv[0]);
        return 1;
    }
    if (unshare(flags) == -1) {
        perror("unshare");
        return 1;
    }
    execvp(argv[optind], &argv[optind]);
    perror("execvp");
    return 1;
}

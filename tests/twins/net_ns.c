/*
 * The article's second network program: a veth pair, set up by ip.
 *
 * The article's child sleeps for 500 seconds, so that its reader can ping. This
 * one ends at once, and so do its namespace and the pair: set up, list, tear down.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[1024 * 1024];
static int checkpoint[2];

static void list(const char *headline)
{
    printf("%s NET namespace:\n\n", headline);
    system("ip link list");
    printf("\n");
}

static int in_child(void *unused)
{
    char nothing;

    (void)unused;
    close(checkpoint[1]);
    read(checkpoint[0], &nothing, 1);
    system("ip link set lo up");
    system("ip link set veth1 up");
    system("ip addr add 169.254.1.2/30 dev veth1");
    list("New");
    return 0;
}

int main(void)
{
    char *move;

    pipe(checkpoint);
    pid_t child = clone(in_child, stack + sizeof stack,
                        CLONE_NEWPID | CLONE_NEWNET | SIGCHLD, NULL);

    asprintf(&move, "ip link set veth1 netns %d", child);
    system("ip link add veth0 type veth peer name veth1");
    system(move);
    system("ip link set veth0 up");
    system("ip addr add 169.254.1.1/30 dev veth0");
    free(move);

    close(checkpoint[1]);
    list("\nOriginal");
    waitpid(child, NULL, 0);
    return 0;
}

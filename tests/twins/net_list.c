/* The article's first network program: the links of both namespaces, by ip. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static char stack[1024 * 1024];

static void list(const char *headline)
{
    printf("%s NET namespace:\n\n", headline);
    system("ip link list");
    printf("\n");
}

static int in_child(void *unused)
{
    (void)unused;
    list("New");
    return 0;
}

int main(void)
{
    list("\nOriginal");
    pid_t child = clone(in_child, stack + sizeof stack,
                        CLONE_NEWPID | CLONE_NEWNET | SIGCHLD, NULL);
    waitpid(child, NULL, 0);
    return 0;
}

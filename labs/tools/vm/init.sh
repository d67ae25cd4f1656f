#!/bin/busybox sh
# The first process of the virtual machine: mounts what a Linux system has, then runs a
# shell, or the command in /etc/line, as an ordinary user; at its end the machine is switched off.
/bin/busybox --install -s /bin
export PATH=/labs:/bin

# The first root file system is one that pivot_root() refuses to leave: work on a mount of it.
if [ "$0" = /init ]; then
    mount --bind / /mnt && cd /mnt && mount --move . / && exec chroot . /bin/busybox sh /etc/init
fi

chown -R 0:0 /bin /etc /labs /lib && chmod 4755 /bin/su
chown -R learner:learner /home/learner # Whoever packed it.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
chmod 1777 /tmp /var/tmp
ln -s /proc/self/fd /dev/fd
echo /bin/modprobe >/proc/sys/kernel/modprobe
hostname antero
ip link set lo up

# A cgroup that the user may divide, as systemd delegates one to each session.
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
echo "+cpu +memory +pids" >/sys/fs/cgroup/cgroup.subtree_control
mkdir -p /sys/fs/cgroup/learner/session
echo "+cpu +memory +pids" >/sys/fs/cgroup/learner/cgroup.subtree_control
for file in . cgroup.procs cgroup.subtree_control cgroup.threads session session/cgroup.procs session/cgroup.threads; do
    chown 1000:1000 "/sys/fs/cgroup/learner/$file"
done

# The terminal is the first serial port; the second one tells the host of the end.
exec </dev/ttyS0 >/dev/ttyS0 2>&1
. /etc/terminal
command=
[ ! -e /etc/line ] || command='-c /etc/line'
chown 1000 /dev/ttyS0
sh -c 'echo $$ >/sys/fs/cgroup/learner/session/cgroup.procs; exec setsid -c su -l learner '"$command"
echo "status $?" >/dev/ttyS1
poweroff -f

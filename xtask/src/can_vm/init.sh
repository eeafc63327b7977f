#!/bin/busybox sh
# The guest's first process: modules, one CAN interface, the host's folder, the program, and off.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module.ko" || echo "insmod $module failed"; done
ip link add dev vcan0 type vcan
ip link set vcan0 up
mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072 host /host
(cd /host && ./can_link)
echo $? > /host/exit-status
sync
umount /host
poweroff -f

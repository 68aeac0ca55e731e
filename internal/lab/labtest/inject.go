package labtest

import (
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// Inject sends data as it is out of dev.
func Inject(t *testing.T, ns *nsenter.Namespace, dev string, data []byte) {
	t.Helper()
	handle, err := ns.Handle()
	if err != nil {
		t.Fatal(err)
	}
	link, err := handle.LinkByName(dev)
	if err != nil {
		t.Fatal(err)
	}
	err = ns.Do(func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, data, 0, &unix.SockaddrLinklayer{Ifindex: link.Attrs().Index})
	})
	if err != nil {
		t.Fatalf("%s: send a frame out of %s: %v", ns.Name(), dev, err)
	}
}

package farend

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// open makes a tap device in a namespace, or takes it, and holds it until the test
// calls.
func open(t *testing.T, ns *nsenter.Namespace, name string) (let func()) {
	t.Helper()
	fd := -1
	// The device belongs to the namespace in which the file was opened.
	err := ns.Do(func() (err error) {
		fd, err = unix.Open(tunDevice, unix.O_RDWR|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		t.Skipf("there are no tap devices here: %v", err)
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		t.Fatal(err)
	}
	return func() { _ = unix.Close(fd) }
}

// TestTheHolderOfATapIsFoundByItsNamespace: two namespaces have a device of one name.
func TestTheHolderOfATapIsFoundByItsNamespace(t *testing.T) {
	here, there := labtest.Netns(t, "here"), labtest.Netns(t, "there")
	defer open(t, here, "tap0")()
	if found := holders(here, "tap0"); len(found) != 1 || found[0].PID != os.Getpid() || found[0].Name == "" {
		t.Errorf("held by %+v, want by %d", found, os.Getpid())
	}
	if found := holders(there, "tap0"); len(found) != 0 {
		t.Errorf("in the other namespace it is held by %+v", found)
	}
	if found := holders(here, "tap1"); len(found) != 0 {
		t.Errorf("one that is not there is held by %+v", found)
	}
	let := open(t, there, "tap0")
	if found := holders(there, "tap0"); len(found) != 1 {
		t.Errorf("in the other namespace it is held by %+v", found)
	}
	let()
	if found := holders(there, "tap0"); len(found) != 0 {
		t.Errorf("after it was closed it is held by %+v", found)
	}
}

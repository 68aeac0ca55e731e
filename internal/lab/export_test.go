package lab

import (
	"fmt"
	"os"
	"syscall"

	"github.com/vishvananda/netlink"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// EnterAs is Enter with one mode only.
func EnterAs(name string) (int, error) {
	m, _ := modeByName(name)
	return enter([]mode{m})
}

// Explain is the refusal of err to by on a machine whose file system begins at
// root.
var Explain = refusal

// UserAdvice is what by would have to enable for a user namespace after err.
func UserAdvice(root string, err error, by Asker) string {
	advice, _ := advise(root, err, by, true)
	return advice.String()
}

// Asker is who asks for a lab.
type Asker = asker

// AskerWith is one with these capabilities, the Linux numbers.
func AskerWith(root, remapped bool, powers ...uint) Asker {
	a := asker{root: root, remapped: remapped}
	for _, bit := range powers {
		a.powers |= 1 << bit
	}
	return a
}

// BornEnv is the variable by which a process knows that it is a lab's inside.
const BornEnv = bornEnv

// Further is which of two attempts came further.
var Further = further

// Unborn is the error of an attempt that the kernel refused to begin, and
// Unfurnished that of one which began.
func Unborn(answer syscall.Errno) error {
	return say.At("user", &os.PathError{Op: "fork/exec", Path: "/proc/self/exe", Err: answer})
}
func Unfurnished(answer syscall.Errno) error {
	return say.At("user", failure{say.Quote("mount"), answer})
}

// CheckFreeIndex makes devices where the cable's end would have been, and asks
// for another index, which must be free at both ends and after each of them.
func CheckFreeIndex(t interface {
	Helper()
	Fatalf(string, ...any)
}, host, inet *nsenter.Namespace) {
	t.Helper()
	near, err := host.Handle()
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, index := range []int{17, 18} {
		if err := near.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: fmt.Sprintf("tunl%d", index), Index: index}}); err != nil {
			t.Fatalf("%v", err)
		}
	}
	index, err := freeIndex(host, inet)
	if err != nil || index <= 18 {
		t.Fatalf("index %d, %v", index, err)
	}
	err = near.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: "near", Index: index}, PeerName: "far", PeerNamespace: netlink.NsFd(int(inet.FD())),
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	other, err := inet.Handle()
	if err != nil {
		t.Fatalf("%v", err)
	}
	far, err := other.LinkByName("far")
	if err != nil || far.Attrs().Index == index {
		t.Fatalf("the other end has index %d too (%v)", index, err)
	}
}

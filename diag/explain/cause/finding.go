package cause

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"nstutor/diag/explain/machine"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Finding is one fault as it is found on the packet's way: what is wrong, and
// where. It has nothing but facts; what is said and done about it is made of them.
type Finding interface {
	Code() Code
	// Netns is the namespace where the fault is, as a command must call it.
	Netns() string
	Detail() say.Text
	Evidence() []say.Text // lines of the kernel's tables, and who is on a wire
	// Fix are the commands, in order, after which the fault is gone. There are none
	// where it is not known what would mend it, or where nothing can be typed.
	Fix() []change.Change
}

// At is the namespace where a fault is.
type At string

// Netns is what a command must call the namespace.
func (a At) Netns() string { return string(a) }

// Sure is part of a finding that is the reason, whatever else was met on the
// packet's way: it is the way itself that is wrong.
type Sure struct{}

func (Sure) sure() bool { return true }

type surer interface{ sure() bool }

// Certain reports whether nothing that the packet met before can be the reason.
func Certain(f Finding) bool {
	s, ok := f.(surer)
	return ok && s.sure()
}

// Ends is part of a finding that nothing behind it is worth a look for.
type Ends struct{}

func (Ends) final() bool { return true }

// Final reports whether nothing behind the finding is worth a look: the packet is
// not meant to get there.
func Final(f Finding) bool {
	s, ok := f.(interface{ final() bool })
	return ok && s.final()
}

// Asked is a finding that is a fault of whoever asks for an address, although
// what mends it is done where the frames are lost.
type Asked interface {
	Finding
	// AskedBy is the finding for one who asks.
	AskedBy(netns string) Finding
}

// Device is a device in its namespace.
type Device struct {
	Netns string
	Link  table.Link
}

// Lookup is a question for a route that the kernel has none for.
type Lookup struct {
	Dst    netip.Addr
	Answer machine.RouteAnswer
}

// Lines are the kernel's answer, and the error that a program gets, if it gets one.
func (l Lookup) Lines() []say.Text {
	if l.Answer.Err == nil && l.Answer.Kind == machine.KindUnicast {
		return Lines(l.Answer.Evidence...)
	}
	return append(Lines(l.Answer.Evidence...), say.Quote(fmt.Sprintf("ip route get %s: %v", l.Dst, errnoOf(l.Answer.Err))))
}

// Lines are the kernel's own words.
func Lines(all ...string) []say.Text {
	texts := make([]say.Text, len(all))
	for i, line := range all {
		texts[i] = say.Quote(line)
	}
	return texts
}

// errnoOf is the kernel's own word in an error.
func errnoOf(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

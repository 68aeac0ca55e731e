package explain

import (
	"net/netip"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/machine"
	"nstutor/internal/change"
)

// Schema is the version of the JSON form of an Answer.
const Schema = 1

// Verdicts of an Answer.
const (
	Delivered = "delivered"
	Broken    = "broken"
	Undecided = "unknown"
)

// The two ways of an echo.
const (
	LegRequest = "request"
	LegReply   = "reply"
)

// What is said of a hop, predicted and observed.
const (
	OK      = "ok"
	Fail    = "fail"
	Unknown = "unknown"
)

// Answer says what becomes of a ping, where, why, and what the smallest repair
// is. Its JSON form is a contract.
type Answer struct {
	Schema      int    `json:"schema"`
	From        string `json:"from"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Verdict     string `json:"verdict"`
	Cause       Fault  `json:"cause"`
	// Fix is what mends Cause and Next together, in order, as far as commands can.
	Fix  []change.Command `json:"fix"`
	Next []Fault          `json:"next"` // faults behind Cause, as they are once it is mended
	Hops []Hop            `json:"hops"`
	// Unseen is what could not be looked at, and what the prediction does not rest on.
	Unseen []Text `json:"unseen"`
	// Beyond is the device, in Cause.Netns, whose other end is somebody else's: all
	// is well up to there, and what can be asked is to be asked there. Empty where
	// the fault is known, or is here.
	Beyond string `json:"beyond,omitempty"`
	Probe  *Probe `json:"probe,omitempty"` // nil when none was sent
}

// Fault is one thing that stops the packet, and the namespace where it is: a
// finding, in words.
type Fault struct {
	Code     cause.Code `json:"code"`
	Netns    string     `json:"netns"`
	Leg      string     `json:"leg"`
	Detail   Text       `json:"detail"`
	Evidence []Text     `json:"evidence"` // lines of the kernel's tables, and what was seen

	fix []change.Command
}

// Mended reports whether the answer's Fix mends the fault.
func (f Fault) Mended() bool { return len(f.fix) > 0 }

// Hop is one stage of the packet's way.
type Hop struct {
	Leg       string `json:"leg"`
	Netns     string `json:"netns"`
	Device    string `json:"device"`
	Stage     string `json:"stage"`
	Predicted string `json:"predicted"`
	Observed  string `json:"observed"`
	Detail    Text   `json:"detail"`
	// Frame is the frame of the echo that Detail names, if it says no more than
	// its addresses and the device.
	Frame *Frame `json:"-"`

	seenAs   *sighting // the frame that proves the hop, on Device
	node     *machine.Space
	down     string // the device that is down, if that is the fault here
	unseen   bool   // it could not be looked at
	carrying bool   // it is a hop of the packet that carries the echo through a tunnel
}

// Frame is a frame that enters or leaves a device.
type Frame struct {
	Src, Dst netip.Addr
	Out      bool
}

// Probe is what the echo request that was really sent came to.
type Probe struct {
	Sent     int    `json:"sent"`
	Received int    `json:"received"`
	Outcome  string `json:"outcome"`
	Message  string `json:"message"`
}

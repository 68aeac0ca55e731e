package explain

import (
	"net"
	"slices"
	"strconv"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/hop"
	"nstutor/internal/change"
)

// Schema is the version of the JSON form of an Answer.
const Schema = 1

// Verdict is what becomes of what was asked about.
type Verdict string

// All verdicts.
const (
	Delivered Verdict = "delivered"
	Broken    Verdict = "broken"
	Undecided Verdict = "unknown"
)

// Answer says what becomes of a ping, a connection or a datagram, where, why, and what the smallest repair
// is. Its JSON form is a contract.
type Answer struct {
	Schema      int    `json:"schema"`
	From        string `json:"from"`
	Source      string `json:"source"`
	Destination string `json:"destination"`
	// Name is what was asked about and cannot be looked up; Destination is the name
	// server then. Empty of all other answers.
	Name    string  `json:"name,omitempty"`
	Flow    Flow    `json:"flow"`
	Verdict Verdict `json:"verdict"`
	Cause   Fault   `json:"cause"`
	// Fix is what mends Cause and Next together, in order, as far as commands can.
	Fix  []change.Command `json:"fix"`
	Next []Fault          `json:"next"` // faults behind Cause, as they are once it is mended
	// Notices are what is wrong on the way, and did not stop the packet. Fix mends none of them.
	Notices []Fault   `json:"notices,omitempty"`
	Hops    []hop.Hop `json:"hops"`
	// Unseen is what could not be looked at, and what the prediction does not rest on.
	Unseen []Text `json:"unseen"`
	// Beyond is the device, in Cause.Netns, whose other end is somebody else's: all
	// is well up to there, and what can be asked is to be asked there. Empty where
	// the fault is known, or is here.
	Beyond string `json:"beyond,omitempty"`
	// Listener is the socket that takes the request; nil of an echo, and where none does.
	Listener *Listener `json:"listener,omitempty"`
	// Backends are those that the rules choose from; empty where they have no choice.
	Backends []Backend `json:"backends,omitempty"`
	// Lingering are other flows of the same client, which the kernel still sends to
	// somebody who is gone; none where the source port was asked.
	Lingering []Lingering `json:"lingering,omitempty"`
	// Addresses are those of the name that was asked about, where it has several.
	Addresses []NameAddress `json:"addresses,omitempty"`
	// Waited is what the look-up of the name had to wait for; nil where for nothing.
	Waited *Waited `json:"waited,omitempty"`
	HTTP   *HTTP   `json:"http,omitempty"`  // nil where nothing was asked on the connection
	Probe  *Probe  `json:"probe,omitempty"` // nil when none was sent
	// Drops are what the kernel said of the probe's packets that it dropped; empty
	// without the right to hear of them.
	Drops []Drop `json:"drops,omitempty"`
	// Onward are commands of the Fix that mend what a program passes on which takes the
	// request, and not the request itself.
	Onward []change.Command `json:"-"`
	// Came is what came of the probe, for who writes it down.
	Came *Came `json:"-"`
}

// Fault is one thing that stops the packet, and the namespace where it is: a
// finding, in words.
type Fault struct {
	Code     cause.Code `json:"code"`
	Netns    string     `json:"netns"`
	Device   string     `json:"device,omitempty"` // in Netns, where the fault is one of a device's
	Leg      flows.Leg  `json:"leg"`
	Detail   Text       `json:"detail"`
	Evidence []Text     `json:"evidence"` // lines of the kernel's tables, and what was seen

	// Told is set where Detail says what is wrong, although Code may be NotKnown: no
	// cause of the set is that.
	Told bool `json:"-"`
	// Refused tells that somebody beyond what can be seen has said so.
	Refused bool `json:"-"`

	fix   []change.Change
	swaps []swap
}

// Mended reports whether the answer's Fix mends the fault.
func (f Fault) Mended() bool { return len(f.fix) > 0 }

// mendBy adds commands to the answer's Fix, each once.
func (a *Answer) mendBy(commands []change.Command) {
	for _, c := range commands {
		if !slices.ContainsFunc(a.Fix, c.Equal) {
			a.Fix = append(a.Fix, c)
		}
	}
}

// Flow is what was asked about, besides the addresses.
type Flow struct {
	Proto   string `json:"proto"` // "icmp", "icmpv6", "tcp" or "udp"
	SrcPort uint16 `json:"src_port,omitempty"`
	DstPort uint16 `json:"dst_port,omitempty"`
	// Translated is where the request arrives, ADDR or ADDR:PORT, where that is not
	// the Destination.
	Translated string `json:"translated,omitempty"`
	// SeenFrom is the address that whoever takes the request sees it come from, where
	// that is not the Source.
	SeenFrom string `json:"seen_from,omitempty"`
}

// Listener is a socket that takes a request.
type Listener struct {
	Netns   string `json:"netns"`
	Address string `json:"address"`           // that it is bound to, with the port
	Process string `json:"process,omitempty"` // the name of its process, which that may choose freely
	PID     int    `json:"pid,omitempty"`     // 0: not to be seen from here
}

// Target is whom the answer is about, with the port that is asked.
func (a Answer) Target() string {
	if a.Flow.DstPort == 0 {
		return a.Destination
	}
	return net.JoinHostPort(a.Destination, strconv.Itoa(int(a.Flow.DstPort)))
}

// HTTP is what was answered to a GET on the connection.
type HTTP struct {
	Status  int    `json:"status"`            // 0: no response came
	Message string `json:"message,omitempty"` // in curl's words, where none came whole
}

// Probe is what the packet that was really sent came to.
type Probe struct {
	Sent     int    `json:"sent"`
	Received int    `json:"received"`
	Outcome  string `json:"outcome"`
	Message  string `json:"message"`
	// Recorded tells that it was sent in the network that was asked about, when that was
	// written into a file, and not in the copy of it.
	Recorded bool `json:"recorded,omitempty"`
}

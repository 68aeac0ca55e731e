package exercises

import (
	"slices"

	"nstutor/steps"
)

// belonging are the exercises that belong to a chapter.
type belonging struct {
	chapter string
	names   []string
}

// after has all of them: what it takes to solve one has been told by the end of its
// chapter.
var after = []belonging{
	{"0", []string{"wrong-number"}},
	{"1", []string{"talks-to-itself"}},
	{"2", []string{"dead-veth", "nobody-is-the-gateway", "after-the-flap", "silent-proxy", "sealed-rack", "far-gateway",
		"quiet-node", "too-wide", "strict-reverse-path"}},
	{"3", []string{"hardened-node", "flushed-nat", "second-card", "small-plug", "silent-overlay", "wrong-underlay",
		"two-ways-back", "twice-silent", "after-the-reboot", "two-sizes", "be-the-cni"}},
	{"4", []string{"wrong-door", "only-next-door", "closed-door", "one-way-ban"}},
	{"5", []string{"unplugged-port", "walled-in", "deaf-host", "layer-below", "second-uplink"}},
	{"5C", []string{"half-attached", "lost-host-route", "given-twice", "left-behind", "taken-addresses", "used-address"}},
	{"6", []string{"other-hook", "short-cut"}},
	{"6I", []string{"hidden-drop", "leftover-rule"}},
	{"7", []string{"half-deaf", "deaf-client"}},
	{"8", []string{"own-service", "own-door"}},
	{"9", []string{"public-port", "wrong-node"}},
	{"10", []string{"late-permit", "no-names"}},
	{"10R", []string{"dead-sidecar", "own-echo"}},
}

// mixed is how many exercises of earlier chapters are offered besides.
const mixed = 2

// After are the exercises to offer at the end of a chapter, of those that this kernel
// can make: its own, and of those before it a few that were not solved yet.
func After(chapter string, solved func(name string) bool) []string {
	at := slices.IndexFunc(after, func(b belonging) bool { return b.chapter == chapter })
	if at < 0 {
		return nil
	}
	offered := slices.DeleteFunc(slices.Clone(after[at].names), func(name string) bool {
		e, ok := Find(name)
		return ok && !steps.Possible(e.Needs)
	})
	for i, left := at-1, mixed; i >= 0 && left > 0; i-- {
		for _, name := range after[i].names {
			if left > 0 && !solved(name) {
				offered = append(offered, name)
				left--
			}
		}
	}
	return offered
}

package remedy

import (
	"regexp"
	"time"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Element is what a packet is in of a set that a rule asks for, or is not.
type Element struct {
	Netns string
	Table *netfilter.Table // of nft's set; nil: it is an ipset
	Set   string
	Text  string        // as the set's program writes it; empty where that is not known
	Left  time.Duration // until it is gone by itself; 0: it stays
	In    bool          // the packet is in it
	// Fits tells that a change of it is for the packet's own address, or its connection, alone.
	Fits bool
	Line string // the rule that would let the packet pass, were it in; empty: it is the one that stops it
}

// Said adds the set to what is said of a packet that a rule stops.
func (e Element) Said(text say.Text) say.Text {
	kind := say.T("the set", "集合")
	if e.Table == nil {
		kind = say.T("the ipset", "ipset 集合")
	}
	switch {
	case e.Set == "":
		return text
	case !e.In && e.Line != "":
		return say.T("%[1]s; %[2]s is for members of %[3]s %[4]s, which does not have %[5]s", "%[1]s；%[2]s 只放行 %[3]s %[4]s 的成员，其中没有 %[5]s", text, e.Line, kind, e.Set, e.Text)
	case !e.In:
		return say.T("%[1]s; it stops what %[2]s %[3]s does not have, as %[4]s", "%[1]s；它拦下 %[2]s %[3]s 里没有的，%[4]s 就没有", text, kind, e.Set, e.Text)
	case e.Text == "":
		return say.T("%[1]s; that is in %[2]s %[3]s", "%[1]s；它在 %[2]s %[3]s 里", text, kind, e.Set)
	case e.Left > 0:
		return say.T("%[1]s; that is in %[2]s %[3]s by its element %[4]s, which is gone by itself in %[5]s", "%[1]s；它属于 %[2]s %[3]s 的元素 %[4]s，该元素 %[5]s 后会自动消失", text, kind, e.Set, e.Text, e.Left)
	}
	return say.T("%[1]s; that is in %[2]s %[3]s by its element %[4]s", "%[1]s；它属于 %[2]s %[3]s 的元素 %[4]s", text, kind, e.Set, e.Text)
}

// plain are names that the programs of sets take as they are.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9/_.-]*$`)

// Commands take the element out that is for the packet alone, or put in the one that is.
func (e Element) Commands() []change.Change {
	p := change.Program{Netns: e.Netns, Argv: e.argv(!e.In), Back: e.argv(e.In)}
	if !e.Fits || e.Text == "" || !plain.MatchString(e.Set) || e.Table != nil && !plain.MatchString(e.Table.Name) || !p.Installed() {
		return nil
	}
	return []change.Change{p}
}

func (e Element) argv(in bool) []string {
	verb := map[bool]string{true: "add", false: "delete"}[in]
	if e.Table == nil {
		return []string{"ipset", verb[:3], e.Set, e.Text}
	}
	return []string{"nft", verb, "element", e.Table.Family, e.Table.Name, e.Set, "{ " + e.Text + " }"}
}

// ChainOf is the chain for an exception from what stops a packet. What a bridge asks before
// it passes a frame on has often chains for each of its ports: the exception is for one of
// those alone.
func ChainOf(r eval.Result) string {
	if r.Table.Family == "bridge" && r.Decided != nil && r.In != "" {
		return r.In
	}
	return r.Chain.Name
}

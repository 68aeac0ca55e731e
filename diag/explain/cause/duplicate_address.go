package cause

import (
	"fmt"
	"net/netip"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// DuplicateAddress: two machines have the same address, and the wrong one answers.
const DuplicateAddress Code = "duplicate-address"

var _ = Register(Cause{
	Code:  DuplicateAddress,
	Words: say.T("two machines have the same address, and the wrong one answers", "两台机器用了同一个地址，应答的是另一台"),
	Table: []string{"ip", "neigh"},
})

// WrongAnswer is a packet that came to the wrong one of two who answer for an
// address.
type WrongAnswer struct {
	Sure
	At           // the wrong one
	Hop          NextHop
	Right, Wrong Device
	Own          remedy.Address // of the wrong one
}

// Code is DuplicateAddress.
func (WrongAnswer) Code() Code { return DuplicateAddress }

// Detail names both.
func (d WrongAnswer) Detail() say.Text {
	return serving(say.T("both %s in %s and %s in %s answer for %s, and the packet came to the wrong one",
		"%[1]s（%[2]s）和 %[3]s（%[4]s）都应答 who-has %[5]s，包到了错的那一个",
		d.Right.Link.Name, machine.Called(d.Right.Netns), d.Wrong.Link.Name, machine.Called(d.Wrong.Netns), d.Hop.Addr), d.Own, d.Wrong)
}

// serving adds what the address of a service asks of who has it beside its director.
func serving(text say.Text, own remedy.Address, answers Device) say.Text {
	if !own.Service(answers.Link.Name) {
		return text
	}
	return say.T("%[1]s; %[2]s has it on %[3]s, as a real server of LVS has its service's: there %[4]s must not answer for it (arp_ignore=1), nor ask with it (arp_announce=2)",
		"%[1]s；%[2]s 把它放在 %[3]s 上，就像 LVS 的真实服务器那样：那里的 %[4]s 不该为它应答（arp_ignore=1），也不该用它去询问（arp_announce=2）",
		text, machine.Called(answers.Netns), own.Dev, answers.Link.Name)
}

// Evidence are both devices.
func (d WrongAnswer) Evidence() []say.Text {
	return Lines(d.Right.Link.AddressLine(), d.Wrong.Link.AddressLine())
}

// Fix silences the wrong one, and has the kernel ask again.
func (d WrongAnswer) Fix() []change.Change {
	return append(d.Own.Silence(d.Wrong.Link.Name), d.Hop.forget())
}

// Rivals are two who answer for an address: whose answer is first wins.
type Rivals struct {
	At            // the other one
	Addr          netip.Addr
	Chosen, Other Device
	Own           remedy.Address // of the other one
}

// Code is DuplicateAddress.
func (Rivals) Code() Code { return DuplicateAddress }

// Detail names both.
func (r Rivals) Detail() say.Text {
	return serving(say.T("both %s in %s and %s in %s answer for %s: whose answer comes first has the packet",
		"%[1]s（%[2]s）和 %[3]s（%[4]s）都应答 who-has %[5]s：谁先应答，包就归谁",
		r.Chosen.Link.Name, machine.Called(r.Chosen.Netns), r.Other.Link.Name, machine.Called(r.Other.Netns), r.Addr), r.Own, r.Other)
}

// Evidence are both devices.
func (r Rivals) Evidence() []say.Text {
	return Lines(r.Chosen.Link.AddressLine(), r.Other.Link.AddressLine())
}

// Fix silences the other one.
func (r Rivals) Fix() []change.Change { return r.Own.Silence(r.Other.Link.Name) }

// Impostor is a namespace that the reply comes to, because it has the address of
// who asked.
type Impostor struct {
	Sure
	At
	Addr   netip.Addr
	Having []table.Addr   // where the namespace has it
	Own    remedy.Address // … which of them has to go, unless …
	Parted *Parting       // … the reply left its request's way, or
	Hop    *NextHop       // a neighbour table sends it there
}

// Parting is where a reply leaves the way that its request came.
type Parting struct {
	Line string      // the route there
	Way  remedy.Turn // that it should have taken
}

// Code is DuplicateAddress.
func (Impostor) Code() Code { return DuplicateAddress }

// Detail names the namespace.
func (i Impostor) Detail() say.Text {
	return say.T("the reply comes to %s, which has the address %s, too", "应答到了 %s，那里也有地址 %s", machine.Called(i.Netns()), i.Addr)
}

// Evidence is the address there, and what led the reply astray.
func (i Impostor) Evidence() []say.Text {
	var shown []say.Text
	for _, a := range i.Having {
		shown = append(shown, say.T("%s: %s", "%s：%s", machine.Called(i.Netns()), Inet(a.Prefix, a.Dev)))
	}
	switch {
	case i.Parted != nil:
		shown = append(shown, say.Quote(i.Parted.Line))
	case i.Hop != nil:
		shown = append(shown, say.Quote(i.Hop.Entry.Line()))
	}
	return shown
}

// Fix leads the reply back, or takes the address away.
func (i Impostor) Fix() []change.Change {
	switch {
	case i.Parted != nil:
		return i.Parted.Way.Commands()
	case i.Hop != nil:
		return append(i.Own.Remove(), i.Hop.forget())
	}
	return i.Own.Remove()
}

// Inet is an address on a device, as evidence.
func Inet(p netip.Prefix, dev string) string { return fmt.Sprintf("inet %s dev %s", p, dev) }

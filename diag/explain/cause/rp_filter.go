package cause

import (
	"net/netip"
	"slices"

	"nstutor/diag/explain/machine"
	"nstutor/diag/explain/remedy"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// RPFilter: rp_filter drops what came in by another way than the one back.
const RPFilter Code = "rp-filter"

var _ = Register(Cause{
	Code:      RPFilter,
	Words:     say.T("rp_filter drops what came in by another way than the one back", "rp_filter 丢弃了来路与回路不一致的包"),
	Table:     []string{"sysctl", "-a", "-r", "rp_filter"},
	Pointless: true,
})

// OtherWayBack is a packet whose source is not reached through the device that it
// comes in by.
type OtherWayBack struct {
	At
	Src    netip.Addr
	Dev    string
	Lookup []string // what the kernel has said
	Back   string   // the device by which the way back leads; empty: none
	// Sent is why the packet has come by this way, where it should have left another
	// namespace by another one, or why the way back is another one here; nil: that is not known.
	Sent Finding
	// Mark is that of the packet, for which there is the right way back, Marked; the check
	// leaves it out where src_valid_mark is off. 0: it is not that.
	Mark   uint32
	Marked string
	// Loose says that the loose mode lets it pass: there is a way back, and the
	// device has an address. Without one it is as strict as the other mode
	// (__fib_validate_source()).
	Loose bool
	Own   remedy.Address // that it needs for that
	Off   bool           // else, no way back may lead through the device, which checks alone
	Way   remedy.Way     // else, the way back
	// Stray takes out of the way the route or the rule without which there would be the
	// right way back; it is empty where nothing is in the way.
	Stray remedy.Turn
}

// Code is RPFilter.
func (OtherWayBack) Code() Code { return RPFilter }

// Detail names the source and the device.
func (o OtherWayBack) Detail() say.Text {
	if o.Mark != 0 {
		return say.T("%[1]s is reached through %[2]s by packets with the mark %#[3]x alone, and rp_filter looks without it, as src_valid_mark is off: it drops what comes from there",
			"只有带标记 %#[3]x 的包才经 %[2]s 去往 %[1]s，而 src_valid_mark 未打开，rp_filter 查找时不看标记，因此丢弃从那里来的包", o.Src, o.Dev, o.Mark)
	}
	text := say.T("%s would not be reached through %s, so rp_filter drops what comes from it there",
		"到 %[1]s 的回程不走 %[2]s，rp_filter 因此丢弃从 %[2]s 进来、源地址为 %[1]s 的包", o.Src, o.Dev)
	if o.Back != "" && o.Back != o.Dev {
		text = say.T("%[1]s would be reached through %[3]s, not %[2]s, so rp_filter drops what comes from it by %[2]s",
			"到 %[1]s 的回程走 %[3]s，不走 %[2]s，rp_filter 因此丢弃从 %[2]s 进来、源地址为 %[1]s 的包", o.Src, o.Dev, o.Back)
	}
	if o.Sent != nil && o.Sent.Netns() == o.Netns() {
		return say.T("%s; %s", "%s；%s", text, o.Sent.Detail())
	}
	if o.Sent != nil {
		return say.T("%s; it is %s that sends it there: %s", "%s；把它送到这边的是 %s：%s", text, machine.Called(o.Sent.Netns()), o.Sent.Detail())
	}
	return text
}

// Evidence is what the kernel has said.
func (o OtherWayBack) Evidence() []say.Text {
	if o.Mark != 0 {
		return Lines(append(slices.Clone(o.Lookup), o.Marked)...)
	}
	if o.Sent != nil {
		return append(o.Sent.Evidence(), Lines(o.Lookup...)...)
	}
	return Lines(o.Lookup...)
}

// Fix has the mark count, or the packet leave by the right way, or takes away what is in the way, or sets the loose mode, or adds the way back.
func (o OtherWayBack) Fix() []change.Change {
	if o.Mark != 0 {
		return []change.Change{remedy.SetConf(o.Netns(), o.Dev, "src_valid_mark", "1")}
	}
	if o.Sent != nil {
		return o.Sent.Fix()
	}
	if fix := o.Stray.Commands(); len(fix) > 0 {
		return fix
	}
	if o.Loose {
		return append(o.Own.Add(), remedy.SetConf(o.Netns(), o.Dev, "rp_filter", "2"))
	}
	if o.Off {
		return []change.Change{remedy.SetConf(o.Netns(), o.Dev, "rp_filter", "0")}
	}
	return o.Way.Commands()
}

// AskerElsewhere is an ARP request whose sender is not reached through the device
// that it comes in by.
type AskerElsewhere struct {
	OtherWayBack         // of the request
	Hop          NextHop // that is asked for
}

// Detail names the sender and the device.
func (a AskerElsewhere) Detail() say.Text {
	text := say.T("the ARP request's sender %s would not be reached through %s, so rp_filter drops it",
		"到 ARP 请求发送方 %s 的回程不走 %s，rp_filter 因此丢弃这个请求", a.Src, a.Dev)
	if a.Sent != nil {
		return say.T("%s; %s", "%s；%s", text, a.Sent.Detail())
	}
	return text
}

// Evidence is the entry of who asks, and why there is no answer.
func (a AskerElsewhere) Evidence() []say.Text { return a.Hop.With(a.Lookup...) }

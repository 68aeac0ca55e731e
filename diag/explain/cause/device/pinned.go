package device

import (
	"time"

	"nstutor/diag/explain/cause"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Pinned is a packet that leaves for where nothing can be seen, and that nobody answers:
// its next hop's MAC address is one that somebody has set.
type Pinned struct {
	cause.Beyond
	Entry  table.Neighbour
	Waited time.Duration
}

// Detail names the entry, and how it is looked at.
func (p Pinned) Detail() say.Text {
	ask := change.NeighDel{Netns: p.Netns(), Dst: p.Entry.Dst, Dev: p.Entry.Dev}.Command()
	return say.T("the request left %[1]s for %[2]s as %[3]s, and nothing came back in %[4]s. Suspect first the entry of %[2]s: it is permanent, so somebody set %[5]s, and the kernel never asks whether that is right; %[6]s has it ask. Everything else here is well: if that changes nothing, ask there",
		"请求以 %[3]s 的身份从 %[1]s 发往 %[2]s，%[4]s 内没有任何回应。先怀疑 %[2]s 的邻居表项：它是 PERMANENT，MAC %[5]s 是人为设的，内核从不核实；%[6]s 会让内核重新去问。本机其他一切正常：若无变化，再到那边查",
		p.Dev, p.NextHop, p.Flow.Src, p.Waited, p.Entry.MAC, ask)
}

// Evidence is what was seen of the packet, and the entry.
func (p Pinned) Evidence() []say.Text { return append(p.Seen, cause.Lines(p.Entry.Line())...) }

package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Swallowed is a large packet that left to where nothing can be seen and came to nothing,
// while a small one to the same address was answered.
type Swallowed struct {
	cause.Beyond
	Length, Small int // bytes, with the IP header
}

// Code is MTUExceeded.
func (Swallowed) Code() cause.Code { return cause.MTUExceeded }

// Detail names both lengths, and what to look for.
func (s Swallowed) Detail() say.Text {
	return say.T("%[2]d bytes left %[1]s and vanished, while %[3]d bytes are answered: a wire beyond takes less, and nobody says so; find out how much (ping -M do -s), and give %[1]s, or the route, that MTU",
		"%[2]d 字节的包从 %[1]s 发出后不知去向，%[3]d 字节的却有应答：外面某段链路的 MTU 更小，又没有人通告；用 ping -M do -s 试出多大能过，再把 %[1]s 或路由的 MTU 设成这个值", s.Dev, s.Length, s.Small)
}

// Fix is unknown: how much does it take?
func (Swallowed) Fix() []change.Change { return nil }

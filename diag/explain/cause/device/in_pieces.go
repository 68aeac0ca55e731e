package device

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// InPieces is a large datagram that goes in fragments and is not answered, while a small one to
// the same port is.
type InPieces struct {
	cause.At
	Length, MTU int    // of the whole with the IP header, and of the device that it leaves by
	Rule        string // in the namespace, that drops fragments; empty where none was found
	Seen        []say.Text
	Mends       []change.Change // without the rule
}

// Code is Filtered where a rule is known, else MTUExceeded.
func (p InPieces) Code() cause.Code {
	if p.Rule != "" {
		return cause.Filtered
	}
	return cause.MTUExceeded
}

// Detail names the length, and what to look for.
func (p InPieces) Detail() say.Text {
	if p.Rule != "" {
		return say.T("%[1]d bytes go in fragments of at most %[2]d and are not answered, while a small datagram is: %[3]s drops all of them but the first, which alone has the ports",
			"%[1]d 字节的数据报被拆成不超过 %[2]d 字节的分片，没有应答，小的数据报却有应答：%[3]s 丢掉了第一片以外的分片（只有第一片带端口）", p.Length, p.MTU, p.Rule)
	}
	return say.T("%[1]d bytes go in fragments of at most %[2]d and are not answered, while a small datagram is: something on the way drops fragments, or the program has no answer to so much",
		"%[1]d 字节的数据报被拆成不超过 %[2]d 字节的分片，没有应答，小的数据报却有应答：路上有什么丢掉了分片，或者程序对这么大的请求不作应答", p.Length, p.MTU)
}

// Evidence is where the first fragment was seen last.
func (p InPieces) Evidence() []say.Text { return p.Seen }

// Fix takes the rule away.
func (p InPieces) Fix() []change.Change { return p.Mends }

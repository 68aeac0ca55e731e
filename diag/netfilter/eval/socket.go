package eval

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// Socket is what rules ask of the socket that a packet of the namespace itself comes
// from: the user and the group that opened it, as the namespace's own user namespace
// counts them. The zero value is one that nobody knows.
type Socket struct {
	Known    bool
	UID, GID uint32
}

// Said is that what became of the packet depends on who sends it.
func (s Socket) Said() say.Text {
	return say.T("a rule here asks who sends: this is what becomes of a packet of user %d, group %d, who is asking; for another user it may differ",
		"这里有规则要看是谁发的：以上说的是提问者自己（用户 %d，组 %d）发的包，换一个用户可能不同", s.UID, s.GID)
}

// sender is the socket that the packet comes from. none tells that it has none with an
// owner: what is received has lost its sender's (ip_rcv_core(), skb_orphan()), and the
// kernel answers an echo by itself, from a socket without a file.
func (e *evaluator) sender(p Packet) (s Socket, none bool) {
	switch e.hook {
	case "prerouting", "forward":
		return s, true
	case "output", "postrouting":
		echoed := p.Proto == unix.IPPROTO_ICMP && p.ICMPType == 0 || p.Proto == unix.IPPROTO_ICMPV6 && p.ICMPType == 129
		if p.IIF != "" || echoed {
			return s, true
		}
		e.asked = e.asked || p.Socket.Known
		return p.Socket, false
	}
	return s, false // of what comes in, the one that it is for
}

// owner is the user or the group of who sends the packet. Without a socket the rule does
// not apply, negated or not (nft_meta_get_eval_skugid()).
func (e *evaluator) owner(name string, p Packet) fieldValue {
	switch s, none := e.sender(p); {
	case none:
		return absent
	case !s.Known:
		return unknown
	case name == "skuid":
		return uint32Value(s.UID)
	default:
		return uint32Value(s.GID)
	}
}

// xtOwner is struct xt_owner_match_info, and owner_mt(). Unlike nf_tables it finds that a
// packet without a socket is not of the user whom a negated match names.
func (e *evaluator) xtOwner(data []byte, p Packet) (holds, known bool) {
	const uid, gid, groups, size = 1, 2, 8, 18
	if len(data) < size || data[16]&^(uid|gid|groups) != 0 {
		return false, false
	}
	match, invert := data[16], data[17]
	s, none := e.sender(p)
	if none {
		return (match^invert)&(uid|gid) == 0, true
	}
	if !s.Known {
		return false, false
	}
	within := func(id uint32, at int) bool {
		return binary.NativeEndian.Uint32(data[at:]) <= id && id <= binary.NativeEndian.Uint32(data[at+4:])
	}
	if match&uid != 0 && within(s.UID, 0) == (invert&uid != 0) {
		return false, true
	}
	mine := within(s.GID, 8)
	if match&gid != 0 && !mine && match&groups != 0 {
		return false, false // one of the others may be it
	}
	return match&gid == 0 || mine != (invert&gid != 0), true
}

package nfnl

import (
	"encoding/binary"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// The handles that golang.org/x/sys/unix does not have: NFTA_OBJ_HANDLE,
// NFTA_FLOWTABLE_HANDLE, NFTA_SET_HANDLE.
const ObjectHandle, FlowTableHandle, SetHandle = 6, 5, 16

// Change makes an object of nf_tables.
type Change struct {
	New    int // NFT_MSG_NEW…
	Family byte
	Append bool // behind those that are there: of rules
	Attrs  []byte
}

// Commit makes changes in one transaction: all of them, or none where the kernel
// refuses one. refused are those by their places.
func (c *Conn) Commit(changes []Change) (refused map[int]error, err error) {
	message := batchMark(nil, unix.NFNL_MSG_BATCH_BEGIN, 0)
	for i, change := range changes {
		flags := uint16(unix.NLM_F_REQUEST | unix.NLM_F_CREATE)
		if change.Append {
			flags |= unix.NLM_F_APPEND
		}
		message = appendMessage(message, uint16(unix.NFNL_SUBSYS_NFTABLES<<8|change.New), flags, uint32(i+1), change.Family, 0, change.Attrs)
	}
	last := uint32(len(changes) + 1)
	message = batchMark(message, unix.NFNL_MSG_BATCH_END, last)
	// A lab may not raise the limit; the machine's root may.
	for _, option := range []int{unix.SO_SNDBUF, unix.SO_SNDBUFFORCE} {
		_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, option, 2*len(message))
	}
	if err := unix.Sendto(c.fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	refused = map[int]error{}
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(c.fd, buf, unix.MSG_DONTWAIT)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN: // sendto() returns when all has been answered
			return refused, nil
		case err != nil:
			return refused, err
		}
		for b := buf[:n]; len(b) >= unix.SizeofNlMsghdr+4; {
			size, kind := int(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint16(b[4:])
			if size < unix.SizeofNlMsghdr+4 || size > len(b) {
				break
			}
			errno := -attr.Int(b[unix.SizeofNlMsghdr:])
			seq := binary.NativeEndian.Uint32(b[8:])
			switch {
			case kind != unix.NLMSG_ERROR || errno == 0:
			case seq == 0 || seq == last:
				return refused, unix.Errno(errno)
			default:
				refused[int(seq)-1] = unix.Errno(errno)
			}
			b = b[min(attr.Align(size), len(b)):]
		}
	}
}

// batchMark begins or ends a transaction of nf_tables.
func batchMark(b []byte, kind uint16, seq uint32) []byte {
	return appendMessage(b, kind, unix.NLM_F_REQUEST, seq, 0, unix.NFNL_SUBSYS_NFTABLES, nil)
}

func appendMessage(b []byte, kind, flags uint16, seq uint32, family byte, resource uint16, attrs []byte) []byte {
	const header = unix.SizeofNlMsghdr + nl.SizeofNfgenmsg
	native := binary.NativeEndian
	b = native.AppendUint32(b, uint32(header+len(attrs)))
	b = native.AppendUint16(b, kind)
	b = native.AppendUint16(b, flags)
	b = native.AppendUint32(b, seq)
	b = native.AppendUint32(b, 0)
	b = append(b, family, unix.NFNETLINK_V0)
	b = binary.BigEndian.AppendUint16(b, resource)
	return append(b, attrs...)
}

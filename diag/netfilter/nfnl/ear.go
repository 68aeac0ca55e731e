package nfnl

import (
	"encoding/binary"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
)

// Ear hears what the kernel announces in a namespace to groups of nfnetlink, such as
// unix.NFNLGRP_NFTRACE.
type Ear struct{ fd int }

// Announcement is one message to a group.
type Announcement struct {
	Kind   int // the type of the message without its subsystem, such as unix.NFT_MSG_TRACE
	Flags  uint16
	Family byte
	Attrs
}

// earBuffer is how many bytes may wait to be heard: a packet on its way through many
// chains is announced a dozen times.
const earBuffer = 1 << 20

// Listen begins to hear. It needs no privilege in a namespace of one's own
// (NL_CFG_F_NONROOT_RECV); conntrack has the kernel begin to announce with that.
func Listen(ns *nsenter.Namespace, groups ...int) (*Ear, error) {
	e := &Ear{}
	err := ns.Do(func() (err error) {
		if e.fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_NETFILTER); err != nil {
			return err
		}
		// A lab may not raise the limit; the machine's root may.
		if unix.SetsockoptInt(e.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, earBuffer) != nil {
			_ = unix.SetsockoptInt(e.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, earBuffer)
		}
		// Without an address of its own it is taken for the kernel's (do_one_broadcast()).
		if err := unix.Bind(e.fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return err
		}
		for _, group := range groups {
			if err := unix.SetsockoptInt(e.fd, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, group); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && e.fd > 0 {
		e.Close()
	}
	return e, err
}

// Close stops hearing.
func (e *Ear) Close() { unix.Close(e.fd) }

// Pending is what was announced since it was last asked for. What did not fit the
// socket's buffer is lost without a word: who looks on wants the latest.
func (e *Ear) Pending() (all []Announcement, err error) {
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(e.fd, buf, unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ENOBUFS):
			continue
		case errors.Is(err, unix.EAGAIN):
			return all, nil
		case err != nil:
			return all, err
		}
		all = append(all, announcements(buf[:n])...)
	}
}

// announcements takes the messages of a datagram apart.
func announcements(b []byte) (all []Announcement) {
	const header = unix.SizeofNlMsghdr + nl.SizeofNfgenmsg
	for len(b) >= header {
		size := int(binary.NativeEndian.Uint32(b))
		if size < header || size > len(b) {
			break
		}
		all = append(all, Announcement{
			Kind: int(binary.NativeEndian.Uint16(b[4:]) & 0xff), Flags: binary.NativeEndian.Uint16(b[6:]), Family: b[unix.SizeofNlMsghdr],
			Attrs: append(Attrs(nil), b[header:size]...),
		})
		b = b[min(attr.Align(size), len(b)):]
	}
	return all
}

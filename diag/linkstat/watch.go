package linkstat

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Watch keeps what the kernel announces of the devices of one namespace, until it is
// asked for. It has no goroutine: the announcements wait in a socket, and where they
// are more than that holds, the counters alone are left to tell.
type Watch struct{ socket *nl.NetlinkSocket }

// drained is how long nothing comes from a socket in which nothing waits.
const drained = 10 * time.Millisecond

// Switched is what became of a device meanwhile.
type Switched struct {
	Off  int // how often somebody switched it off (IFF_UP), however often it was on again
	Lost int // how often its carrier went (IFF_LOWER_UP) although it was on
	Gone int // how often it was deleted, or moved to another namespace
}

// Open begins to watch the devices of ns.
func Open(ns *nsenter.Namespace) (*Watch, error) {
	w := &Watch{}
	err := ns.Do(func() (err error) {
		w.socket, err = nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK)
		return err
	})
	if err != nil {
		return nil, say.At(ns.Name(), say.At("rtnetlink", err))
	}
	return w, nil
}

// Close ends the watch, and says what has happened to which device. was is how
// each was when it began, as Flags reads it.
func (w *Watch) Close(was map[string]uint32) map[string]Switched {
	defer w.socket.Close()
	told := map[string]Switched{}
	flags := map[string]uint32{}
	for name, f := range was {
		flags[name] = f
	}
	_ = w.socket.SetReceiveTimeout(&unix.Timeval{Usec: drained.Microseconds()})
	for {
		messages, _, err := w.socket.Receive()
		if errors.Is(err, unix.ENOBUFS) {
			continue
		}
		if err != nil {
			return told // nothing waits there any more
		}
		for _, m := range messages {
			name, now, ok := announced(m.Data)
			if !ok {
				continue
			}
			s, before := told[name], flags[name]
			switch {
			case m.Header.Type == unix.RTM_DELLINK:
				if s.Gone++; s.Off > 0 && before&unix.IFF_UP == 0 {
					s.Off-- // what is deleted is closed first
				}
				now = 0
			case before&unix.IFF_UP != 0 && now&unix.IFF_UP == 0:
				s.Off++
			case before&now&unix.IFF_UP != 0 && before&unix.IFF_LOWER_UP != 0 && now&unix.IFF_LOWER_UP == 0:
				s.Lost++
			}
			told[name], flags[name] = s, now
		}
	}
}

// announced is the device of an announcement. That a bridge makes of its ports
// (AF_BRIDGE) is none: what it has of flags is the same.
func announced(m []byte) (name string, flags uint32, ok bool) {
	if len(m) < linkMessage || m[0] != unix.AF_UNSPEC {
		return "", 0, false
	}
	for kind, v := range attr.All(m[linkMessage:]) {
		if kind == unix.IFLA_IFNAME {
			name = attr.String(v)
		}
	}
	return name, binary.NativeEndian.Uint32(m[8:]), name != ""
}

// Flags are those of all devices of ns as they are now, IFF_UP among them.
func Flags(ns *nsenter.Namespace) (map[string]uint32, error) {
	all := map[string]uint32{}
	err := ns.Do(func() error {
		links, err := dump(unix.RTM_GETLINK, unix.RTM_NEWLINK, make([]byte, linkMessage))
		for _, m := range links {
			if name, flags, ok := announced(m); ok {
				all[name] = flags
			}
		}
		return err
	})
	return all, err
}

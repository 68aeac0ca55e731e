package wire

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// wireReceiveBuffer is what the kernel may queue for a Tap, in bytes of its own
// accounting: some 800 for a ping. net.core.rmem_max may cut it down.
const wireReceiveBuffer = 4 << 20

// openSocket opens the socket on the current thread's namespace. It is
// deaf (protocol 0) until the filter is in place, so no other frame gets in.
func openSocket(filter Filter) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
			fd = -1
		}
	}()
	// Timestamps come first: the kernel turns them on a moment later
	// (net_enable_timestamp), and until then gives the time of reading.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1); err != nil {
		return fd, os.NewSyscallError("setsockopt SO_TIMESTAMPNS", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err != nil {
		return fd, os.NewSyscallError("setsockopt PACKET_AUXDATA", err)
	}
	// More than rmem_max needs CAP_NET_ADMIN in the first user namespace; a
	// smaller buffer only drops sooner, and drops are counted.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, wireReceiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, wireReceiveBuffer)
	}
	if err := filter.attach(fd); err != nil {
		return fd, err
	}
	// ETH_P_ALL, not the protocols one by one: only its listeners are shown
	// sent frames (dev_queue_xmit_nit). Ifindex 0 is every device.
	all := &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL)}
	if err := unix.Bind(fd, all); err != nil {
		return fd, os.NewSyscallError("bind", err)
	}
	return fd, nil
}

// receive waits for one frame and decodes it.
func (t *Tap) receive(data, control []byte) (Frame, error) {
	var n, controlLen int
	var from unix.Sockaddr
	var dev string
	var recvErr error
	err := t.raw.Read(func(fd uintptr) bool {
		t.reading.Store(true)
		for recvErr = unix.EINTR; recvErr == unix.EINTR; {
			n, controlLen, _, from, recvErr = unix.Recvmsg(int(fd), data, control, 0)
		}
		if at, ok := from.(*unix.SockaddrLinklayer); ok && recvErr == nil {
			dev = t.deviceName(int(fd), at.Ifindex)
		}
		t.reading.Store(recvErr != unix.EAGAIN)
		return recvErr != unix.EAGAIN // wait in the runtime's poller
	})
	if err != nil {
		return Frame{}, err
	}
	if recvErr != nil {
		return Frame{}, os.NewSyscallError("recvmsg", recvErr)
	}
	at, ok := from.(*unix.SockaddrLinklayer)
	if !ok {
		return Frame{}, say.Err("recvmsg: address of type %T", "recvmsg：地址类型是 %T", from)
	}
	f := Frame{
		At: time.Now(), Netns: t.netns, Dev: dev, Ifindex: at.Ifindex, Bytes: n,
		Out:     at.Pkttype == unix.PACKET_OUTGOING,
		ToOther: at.Pkttype == unix.PACKET_OTHERHOST,
	}
	f.readControl(control[:controlLen])
	t.decoder.decodeLink(&f, at.Hatype, at.Halen, htons(at.Protocol), data[:n])
	return f, nil
}

// deviceName asks the socket, which belongs to the namespace, so that the
// name is right after a rename too. A device that is gone keeps its last name.
func (t *Tap) deviceName(fd, ifindex int) string {
	request, err := unix.NewIfreq("")
	if err == nil {
		request.SetUint32(uint32(ifindex))
		err = unix.IoctlIfreq(fd, unix.SIOCGIFNAME, request)
	}
	if err == nil {
		t.names[ifindex] = request.Name()
	}
	if name, ok := t.names[ifindex]; ok {
		return name
	}
	return fmt.Sprintf("if%d", ifindex)
}

// readControl takes the kernel's time, the length on the wire and the VLAN tag
// that the kernel took out of the frame from the message's control data.
func (f *Frame) readControl(control []byte) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS_NEW && len(m.Data) >= 16:
			f.At = time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
		case m.Header.Level == unix.SOL_PACKET && m.Header.Type == unix.PACKET_AUXDATA:
			var aux unix.TpacketAuxdata
			if _, err := binary.Decode(m.Data, binary.NativeEndian, &aux); err != nil {
				continue
			}
			f.Bytes = int(aux.Len)
			if aux.Status&unix.TP_STATUS_VLAN_VALID != 0 {
				f.VLAN = int(aux.Vlan_tci & 0x0fff)
			}
		}
	}
}

// htons is htons(3).
func htons(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

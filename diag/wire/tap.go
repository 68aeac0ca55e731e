package wire

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// tapBacklog is how many decoded frames wait for a slow reader.
const tapBacklog = 128

// tapLag bounds how long Pending waits for the reader.
const tapLag = time.Second

// Tap sees the frames of all devices of one network namespace, sent and
// received, through one packet socket (packet(7)). It does not set the
// devices promiscuous; a veth delivers frames for another MAC all the same.
type Tap struct {
	netns   string
	socket  *os.File
	raw     syscall.RawConn
	decoder frameDecoder
	frames  chan Frame
	ending  chan struct{} // closed when the socket is about to be
	done    chan struct{} // closed when the reader has ended

	close       sync.Once
	stopWaiting func() bool

	names     map[int]string // the last known name of each ifindex; the reader's own
	reading   atomic.Bool    // the reader has a frame, or looks for one
	delivered atomic.Uint64  // frames that went into the backlog
	lost      atomic.Uint64  // frames that found the backlog full

	mu          sync.Mutex
	kernelDrops uint64 // PACKET_STATISTICS so far: reading it resets it
	err         error
}

// Capture opens a Tap in ns. It sees every frame that passes after Capture
// returned. It needs CAP_NET_RAW in the user namespace that owns ns.
//
// The Tap ends by Close or with ns.Context(); then Frames is closed.
func Capture(ns *nsenter.Namespace, filter Filter) (*Tap, error) {
	fd := -1
	err := ns.Do(func() (err error) {
		fd, err = openSocket(filter)
		return err
	})
	if err != nil {
		return nil, say.Err("%s: capture: %v", "%s：抓包：%v", ns.Name(), err)
	}
	socket := os.NewFile(uintptr(fd), "packet socket")
	raw, err := socket.SyscallConn()
	if err != nil {
		socket.Close()
		return nil, say.Err("%s: capture: %v", "%s：抓包：%v", ns.Name(), err)
	}
	t := &Tap{
		netns: ns.Name(), socket: socket, raw: raw,
		decoder: frameDecoder{vxlan: filter.VXLAN},
		frames:  make(chan Frame, tapBacklog),
		ending:  make(chan struct{}),
		done:    make(chan struct{}),
		names:   map[int]string{},
	}
	go t.run()
	t.stopWaiting = context.AfterFunc(ns.Context(), t.end)
	return t, nil
}

// Frames delivers what the Tap sees, in the order the kernel queued it. When
// nobody reads, frames beyond a backlog are dropped and counted. The channel
// is closed when the Tap has ended.
func (t *Tap) Frames() <-chan Frame { return t.frames }

// Pending takes the frames that have arrived in the namespace and waits for no
// more: only until those that the kernel has queued already are read.
func (t *Tap) Pending() []Frame {
	t.catchUp()
	var frames []Frame
	for {
		select {
		case f, ok := <-t.frames:
			if !ok {
				return frames
			}
			frames = append(frames, f)
		default:
			return frames
		}
	}
}

// catchUp gives the reader the time that it needs for what the kernel has queued,
// which on a busy machine it may not have had yet.
func (t *Tap) catchUp() {
	for end := time.Now().Add(tapLag); time.Now().Before(end) && t.unread(); {
		time.Sleep(time.Millisecond)
	}
}

// unread says whether the kernel or the reader has frames that Frames does not
// have yet.
func (t *Tap) unread() bool {
	queued := 0
	// A closed socket refuses Control: nothing is queued there.
	_ = t.raw.Control(func(fd uintptr) { queued, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	return queued != 0 || t.reading.Load()
}

// behind says whether frames are on their way to somebody who has received so
// many of them.
func (t *Tap) behind(received uint64) bool { return t.unread() || t.delivered.Load() != received }

// Dropped is how many frames passed the filter but were not delivered,
// because the reader of Frames or the Tap itself was too slow.
func (t *Tap) Dropped() uint64 {
	// A closed socket refuses Control; its last count was taken by end.
	_ = t.raw.Control(func(fd uintptr) { t.countKernelDrops(int(fd)) })
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kernelDrops + t.lost.Load()
}

func (t *Tap) countKernelDrops(fd int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if stats, err := unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		t.kernelDrops += uint64(stats.Drops)
	}
}

// Err says why the Tap ended by itself, or nil after Close or the end of its
// namespace. It is settled once Frames is closed.
func (t *Tap) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Close ends the Tap and waits until its socket and its goroutine are gone.
// The kernel lets all CPUs finish with the socket first (synchronize_net), so
// it may take some 10 ms. Closing twice is fine.
func (t *Tap) Close() {
	t.stopWaiting()
	t.end()
}

func (t *Tap) end() {
	t.close.Do(func() {
		t.Dropped()
		close(t.ending)
		t.socket.Close() // wakes the reader, which lets go of the descriptor last
	})
	<-t.done
}

// run reads until the socket is closed or broken.
func (t *Tap) run() {
	defer close(t.done)
	defer close(t.frames)
	defer t.reading.Store(false)
	data := make([]byte, wireSnapLength)
	control := make([]byte, 256)
	for {
		frame, err := t.receive(data, control)
		if err != nil {
			t.fail(err)
			return
		}
		select {
		case t.frames <- frame:
			t.delivered.Add(1)
		default:
			t.lost.Add(1)
		}
	}
}

// fail notes why the reader ends, unless somebody has asked it to, and lets go
// of the socket.
func (t *Tap) fail(err error) {
	select {
	case <-t.ending:
		return
	default:
	}
	t.mu.Lock()
	t.err = say.Err("%s: capture: %v", "%s：抓包：%v", t.netns, err)
	t.mu.Unlock()
	t.socket.Close()
}

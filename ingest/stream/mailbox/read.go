package mailbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"plaint/ingest/file"
	"plaint/ingest/stream"
	"plaint/internal/record"
)

// folder is one that is read.
type folder struct {
	name, input string
	sent        bool // what we wrote
	mark        string
	last        imap.UID // that is kept
	next        imap.UID // that the server will give, 0 if it does not say
}

// reader is one session of a source.
type reader struct {
	c        *IMAP
	to       stream.Sink
	k        *connection
	decode   *file.MailDecoder
	selected string
	main     *folder
}

func (c *IMAP) read(ctx context.Context, to stream.Sink) error {
	r := &reader{c: c, to: to}
	err := r.run(ctx)
	if r.k != nil {
		r.k.Close()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (r *reader) run(ctx context.Context) (err error) {
	if r.decode, err = r.c.decoder(); err != nil {
		return err
	}
	if r.k, err = r.c.connect(ctx); err != nil {
		return err
	}
	r.main = &folder{name: r.c.Folder, input: r.c.Name}
	folders := []*folder{r.main}
	if r.c.Sent != "" {
		folders = append(folders, &folder{name: r.c.Sent, input: r.c.Name + "/sent", sent: true})
	}
	for _, f := range folders {
		if err := r.place(ctx, f); err != nil {
			return err
		}
	}
	r.to.Meter.Connected()
	for {
		for _, f := range folders {
			if err := r.drain(ctx, f); err != nil {
				return err
			}
		}
		if err := r.open(r.main); err != nil {
			return err
		}
		if err := r.k.pause(ctx, r.c.Every); err != nil {
			return err
		}
	}
}

// open selects a folder, to be read only unless messages are marked.
func (r *reader) open(f *folder) error {
	if r.selected == f.name {
		return nil
	}
	r.selected = ""
	r.k.alive()
	data, err := r.k.Select(f.name, &imap.SelectOptions{ReadOnly: !r.c.MarkSeen || f.sent}).Wait()
	if err != nil {
		return fmt.Errorf("open the folder %s: %w", f.name, err)
	}
	if data.UIDValidity == 0 {
		return fmt.Errorf("%w: the server numbers the messages of %s anew each time (no UIDVALIDITY), so that it cannot be known which were read", stream.ErrRefused, f.name)
	}
	mark := fmt.Sprintf("%d %s", data.UIDValidity, f.name)
	if f.mark != "" && f.mark != mark {
		return fmt.Errorf("the folder %s was numbered anew", f.name)
	}
	f.mark, f.next, r.selected = mark, data.UIDNext, f.name
	return nil
}

// place finds where reading goes on. A folder whose messages have other numbers
// than those that were kept is read from its start: its messages are known by
// their identity, and nothing is left out.
func (r *reader) place(ctx context.Context, f *folder) error {
	if err := r.open(f); err != nil {
		return err
	}
	p, ok, err := r.to.Position(ctx, f.input)
	if err != nil {
		return fmt.Errorf("find the position of %s: %w", f.input, err)
	}
	switch {
	case !ok:
	case p.Mark != f.mark:
		r.to.Log.Warn("the folder is not the one that was read, or was numbered anew; it is read from its start, and what is known stays known", "folder", f.name, "was", p.Mark, "is", f.mark)
	case f.next != 0 && p.Offset >= int64(f.next):
		r.to.Log.Warn("the folder was set back; it is read from its start, and what is known stays known", "folder", f.name, "read_to", p.Offset, "next", f.next)
	default:
		f.last = imap.UID(p.Offset)
	}
	return nil
}

// drain reads a folder to its end.
func (r *reader) drain(ctx context.Context, f *folder) error {
	for {
		select { // what is said from here on is for the next round
		case <-r.k.calls:
		default:
		}
		if err := r.open(f); err != nil {
			return err
		}
		waiting, err := r.waiting(f)
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			if !f.sent {
				r.to.Meter.Behind(0)
			}
			return nil
		}
		for len(waiting) > 0 {
			n, err := r.batch(ctx, f, waiting)
			if err != nil {
				return err
			}
			waiting = waiting[n:]
			if !f.sent {
				r.to.Meter.Behind(int64(len(waiting)))
			}
		}
	}
}

// waiting lists the messages behind the last that is kept.
func (r *reader) waiting(f *folder) ([]imap.UID, error) {
	r.k.alive()
	if err := r.k.Noop().Wait(); err != nil { // the server may tell of new messages only then
		return nil, fmt.Errorf("look for messages: %w", err)
	}
	var from imap.UIDSet
	from.AddRange(f.last+1, 0) // to the end
	r.k.alive()
	found, err := r.k.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{from}}, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("look for messages: %w", err)
	}
	all, _ := found.All.(imap.UIDSet)
	ranges := slices.Clone(all)
	slices.SortFunc(ranges, func(a, b imap.UIDRange) int { return cmp.Compare(a.Start, b.Start) })
	var out []imap.UID
	for _, g := range ranges {
		for u := max(g.Start, f.last+1); u <= g.Stop && u != 0; u++ { // "to the end" means the last one, even if it is known
			if out = append(out, u); len(out) == mostWaiting {
				return out, nil
			}
		}
	}
	return out, nil
}

// batch reads, keeps and marks the first of the waiting messages, and says how
// many they were.
func (r *reader) batch(ctx context.Context, f *folder, waiting []imap.UID) (int, error) {
	if err := r.open(f); err != nil { // looking for what was answered leaves it
		return 0, err
	}
	took, letters, err := r.fetch(f, waiting[:min(len(waiting), r.c.Batch)])
	if err != nil {
		return 0, err
	}
	b := &record.Batch{Input: f.input}
	for _, l := range letters {
		if err := r.take(b, f, l); err != nil {
			return 0, err
		}
	}
	last := waiting[took-1]
	b.Positions = []record.Position{{Input: f.input, Offset: int64(last), Mark: f.mark}}
	if _, err := r.to.Admit(ctx, b); err != nil {
		return 0, fmt.Errorf("keep the messages up to %d: %w", last, err)
	}
	f.last = last
	return took, r.seen(f, letters)
}

// seen marks messages that are kept.
func (r *reader) seen(f *folder, letters []letter) error {
	if !r.c.MarkSeen || f.sent || len(letters) == 0 {
		return nil
	}
	if err := r.open(f); err != nil {
		return err
	}
	var set imap.UIDSet
	for _, l := range letters {
		set.AddNum(l.uid)
	}
	r.k.alive()
	err := r.k.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
	if err != nil {
		return fmt.Errorf("mark messages as read: %w", err)
	}
	return nil
}

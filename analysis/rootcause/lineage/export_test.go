package lineage

// FollowAt is Follow with another least overlap, and Update whether scoreboards
// are to be written.
var (
	FollowAt = follow
	Update   = update
)

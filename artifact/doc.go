// Package artifact is what a training leaves and a campaign serves: a model,
// the histories of the users that it was trained on, and the items' metadata,
// in one file for each solution version. [Folder] publishes files whole,
// removes them and sweeps what crashes have left; [Artifact] is one of them in
// memory.
package artifact

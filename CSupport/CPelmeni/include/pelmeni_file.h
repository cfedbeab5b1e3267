#ifndef PELMENI_FILE_H
#define PELMENI_FILE_H

// Files of Unix sockets. Every call returns a descriptor, 0 or 1, or -errno. Descriptors are close-on-exec.

// Locks a folder with flock(2); -EWOULDBLOCK when another process held the lock all the time.
int pelmeni_folder_lock(const char *folder, int patience_milliseconds);
// Unlocks it, and closes the descriptor: a child forked meanwhile has a copy, which would keep the lock.
void pelmeni_folder_unlock(int descriptor);
// O_PATH, and no link followed. While the descriptor is open, no other file gets the file's number.
int pelmeni_file_hold(const char *path);
int pelmeni_file_is_socket(int descriptor);
int pelmeni_file_is_same(int descriptor, const char *path); // the held file is the one that stands there
int pelmeni_file_mode(int descriptor, unsigned int mode);   // chmod(2) of a held file, whatever its name leads to

#endif

/// A ring that is an object, and so may come from another module: a simulated kernel, say.
///
/// It keeps the rules of ``Ring``. The engine calls it on one thread at a time.
package protocol RingHost: AnyObject, Ring {}

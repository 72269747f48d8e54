import { Component, type ComponentClass, type FunctionComponent } from 'preact';

/** Returns a component that is drawn again only when one of its properties is another one. */
export function memo<Props extends object>(Inner: FunctionComponent<Props>): ComponentClass<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const names = new Set([...Object.keys(next), ...Object.keys(this.props)]) as Set<keyof Props>;
      for (const name of names) if (next[name] !== this.props[name]) return true;
      return false;
    }

    override render() {
      return <Inner {...this.props} />;
    }
  };
}

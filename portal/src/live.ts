// What is looked at again and again while somebody looks at it.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Refusal, refusalOf } from "./api";

export type Live<T> = {
  data: T | undefined;
  refusal: Refusal | undefined;
  reload: () => void;
};

/**
 * What `load` gives, anew after each pause of `pause(data)` milliseconds; null ends it. Nothing is
 * asked for while the page is hidden. What an earlier key asked for is dropped.
 */
export function useLive<T>(
  key: string,
  load: () => Promise<T>,
  pause: (data: T | undefined) => number | null,
): Live<T> {
  const [shown, setShown] = useState<{ key: string; data?: T; refusal?: Refusal }>({ key });
  const [round, setRound] = useState(0);
  const current = useRef({ load, pause });
  current.current = { load, pause };

  useEffect(() => {
    let isOver = false;
    let timer: number | undefined;
    let data: T | undefined;
    const next = (): void => {
      const wait = isOver ? null : current.current.pause(data);
      if (wait !== null) timer = setTimeout(look, wait);
    };
    const look = async (): Promise<void> => {
      if (document.hidden && data !== undefined) return next();
      try {
        data = await current.current.load();
        if (!isOver) setShown({ key, data });
      } catch (error) {
        const refusal = refusalOf(error);
        if (!isOver)
          setShown((before) => ({ ...(before.key === key ? before : { key }), refusal }));
      }
      next();
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [key, round]);

  const reload = useCallback(() => setRound((one) => one + 1), []);
  const fits = shown.key === key;
  return {
    data: fits ? shown.data : undefined,
    refusal: fits ? shown.refusal : undefined,
    reload,
  };
}
